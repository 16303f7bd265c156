// The supervisor's page: asked for anew when the service says that something changed, and every few seconds; boarding opened
// and closed.

import { getDocument, localTimes, post, say, upload } from "./people.js";

const POLL_MS = 5000;
const ALARMS = ["disputes", "parity"];
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
      const focused = region.contains(document.activeElement) ? document.activeElement : undefined;
      const frame = focused?.matches(".table-frame") ? focused.getAttribute("aria-label") : undefined;
      const busy = !ALARMS.includes(region.dataset.region) && focused && !frame;
      if (!fresh || busy || sent.get(region) === fresh.innerHTML) continue;
      sent.set(region, fresh.innerHTML);
      region.replaceChildren(...document.importNode(fresh, true).childNodes);
      localTimes(region);
      // Whoever scrolls a table by keyboard stays on it.
      if (frame) region.querySelector(`.table-frame[aria-label="${CSS.escape(frame)}"]`)?.focus({ preventScroll: true });
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
  const { closeVoyage, name, watch, declined } = event.target.closest("[data-close-voyage]")?.dataset ?? {};
  if (!closeVoyage) return;
  const waiting = Number(declined) > 0 ? `${declined} who declined the photo still wait for an officer${watch === undefined ? " and would miss the voyage" : ""}. ` : "";
  const what =
    watch === undefined
      ? `Close boarding of ${name}? Departures are recorded and the gallery is destroyed.`
      : `Close the watch at ${name}? Its passages are counted and forgotten, and the gallery is destroyed.`;
  const done = watch === undefined ? `Boarding of ${name} is closed.` : `The watch at ${name} is closed.`;
  if (confirm(`${waiting}${what} This cannot be undone.`)) act(`${OFFICER}/voyages/${closeVoyage}/close`, {}, done);
});

const OUTCOMES = {
  added: "The portrait was added.",
  unchanged: "This portrait was there already.",
  replaced: "The portrait took the place of an older one.",
};

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.upload) return;
  event.preventDefault();
  const button = form.querySelector("button[type=submit]");
  button.disabled = true;
  try {
    const { outcome, reason } = await upload(form.dataset.upload, form);
    if (outcome in OUTCOMES) form.reset();
    say(OUTCOMES[outcome] ?? `The portrait was not taken: ${reason}`, !(outcome in OUTCOMES));
  } catch (error) {
    say(error.message, true);
  } finally {
    button.disabled = false;
  }
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  const entries = Object.fromEntries(new FormData(form));
  if (form.dataset.openWatch !== undefined) {
    event.preventDefault();
    act(`${OFFICER}/watches`, { point: entries.point, hours: Number(entries.hours) }, "The watch is open.");
  } else if (form.dataset.moveVoyage) {
    event.preventDefault();
    act(`${OFFICER}/voyages/${form.dataset.moveVoyage}/move`, { from: form.dataset.from, to: entries.to }, "Boarding goes on there.");
  }
});

document.addEventListener("click", (event) => {
  const { returnVoyage, name } = event.target.closest("[data-return-voyage]")?.dataset ?? {};
  if (!returnVoyage) return;
  const sure = confirm(`${name} came back? Its departures are erased, and recalled from whoever has copies.`);
  if (sure) act(`${OFFICER}/voyages/${returnVoyage}/return`, {}, `${name} is open to be boarded again.`);
});

setInterval(refresh, POLL_MS);
new EventSource("/supervisor/events").addEventListener("changed", refresh);
