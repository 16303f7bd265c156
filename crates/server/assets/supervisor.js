// The supervisor's page: asked for anew every few seconds; boarding opened and closed.

import { getDocument, localTimes, post, say } from "./people.js";

const POLL_MS = 5000;
const OFFICER = "/api/officer/v1";

const regions = [...document.querySelectorAll("[data-region]")];
// As the service sent them: what is the same is not put in anew, nor said again by a screen reader.
const sent = new Map(regions.map((region) => [region, region.innerHTML]));
localTimes(document);

async function refresh() {
  try {
    const page = await getDocument("/supervisor");
    document.getElementById("lost").hidden = Boolean(page.querySelector("[data-region=voyages]"));
    for (const region of regions) {
      const fresh = page.querySelector(`[data-region=${region.dataset.region}]`);
      // Whoever is choosing a point is not interrupted; an alarm interrupts.
      const busy = region.dataset.region !== "disputes" && region.contains(document.activeElement);
      if (!fresh || busy || sent.get(region) === fresh.innerHTML) continue;
      sent.set(region, fresh.innerHTML);
      region.replaceChildren(...document.importNode(fresh, true).childNodes);
      localTimes(region);
    }
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

const STEPS = {
  hold: "Held. The officer at the point is told to inspect the document by hand.",
  "same-person": "Settled: the same person.",
  "another-person": "Settled: another person. It counts as a false match; correct the record at the console.",
};

document.addEventListener("submit", (event) => {
  if (event.target.dataset.shares === undefined) return;
  event.preventDefault();
  const asked = Object.fromEntries([...new FormData(event.target)].map(([name, value]) => [name, Number(value)]));
  act(`${OFFICER}/second-looks/shares`, asked, "The shares are changed.");
});

document.addEventListener("click", (event) => {
  const step = event.target.closest("[data-step]")?.dataset.step;
  if (!step) return;
  const { dispute } = event.target.closest("[data-dispute]").dataset;
  const sure = step === "hold" || confirm("Was the document inspected by hand? This settles the dispute.");
  if (sure) act(`${OFFICER}/disputes/${dispute}`, { step }, STEPS[step]);
});

document.addEventListener("submit", (event) => {
  const voyage = event.target.dataset.openVoyage;
  if (!voyage) return;
  event.preventDefault();
  act(`${OFFICER}/voyages/${voyage}/open`, { point: new FormData(event.target).get("point") }, "Boarding is open.");
});

document.addEventListener("click", (event) => {
  const { closeVoyage, name } = event.target.closest("[data-close-voyage]")?.dataset ?? {};
  if (!closeVoyage) return;
  const sure = confirm(`Close boarding of ${name}? Departures are recorded and the gallery is destroyed. This cannot be undone.`);
  if (sure) act(`${OFFICER}/voyages/${closeVoyage}/close`, {}, `Boarding of ${name} is closed.`);
});

setInterval(refresh, POLL_MS);
