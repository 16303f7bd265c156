// The supervisor's page: asked for anew every few seconds; boarding opened and closed.

import { getDocument, localTimes, post, say } from "./people.js";

const POLL_MS = 5000;
const OFFICER = "/api/officer/v1";

const region = document.querySelector("[data-region=voyages]");
localTimes(region);

async function refresh() {
  try {
    const fresh = (await getDocument("/supervisor")).querySelector("[data-region=voyages]");
    document.getElementById("lost").hidden = Boolean(fresh);
    // Whoever is choosing a point is not interrupted.
    if (!fresh || region.contains(document.activeElement)) return;
    region.replaceChildren(...document.importNode(fresh, true).childNodes);
    localTimes(region);
  } catch (error) {
    if (error.status === 401) location.assign("/sign-in");
    document.getElementById("lost").hidden = false;
  }
}

async function act(path, value, done) {
  try {
    await post(path, value);
    say(done);
  } catch (error) {
    say(error.message, true);
  }
  document.activeElement?.blur();
  await refresh();
}

region.addEventListener("submit", (event) => {
  const voyage = event.target.dataset.openVoyage;
  if (!voyage) return;
  event.preventDefault();
  act(`${OFFICER}/voyages/${voyage}/open`, { point: new FormData(event.target).get("point") }, "Boarding is open.");
});

region.addEventListener("click", (event) => {
  const { closeVoyage, name } = event.target.closest("[data-close-voyage]")?.dataset ?? {};
  if (!closeVoyage) return;
  const sure = confirm(`Close boarding of ${name}? Departures are recorded and the gallery is destroyed. This cannot be undone.`);
  if (sure) act(`${OFFICER}/voyages/${closeVoyage}/close`, {}, `Boarding of ${name} is closed.`);
});

setInterval(refresh, POLL_MS);
