// The gate: notice, choice, camera, result; then everything of the traveller is wiped and the next one comes.
// The camera starts only after the traveller chose it, and stops right after the last frame.

import { asked, begin, element, failed, photograph, pressed, run, screens, watch, whenIdle, words } from "./device-page.js";

const IDLE_RESET_MS = 45_000;

/** One traveller or family, from the notice to the wiped page. */
async function serve(link, gate) {
  const chosen = await choice(link, gate);
  if (!chosen) return;
  let left = [];
  try {
    const party = await begin(link, chosen);
    left = party.filter((one) => one.next === "camera");
    // Who chose together without the camera goes to the officer together; before the camera they stand one by one.
    const others = party.filter((one) => one.next !== "camera");
    while (left.length > 0) {
      const [one, ...after] = left;
      screens.receipts([one]);
      left = (await photograph(link, gate, [one], { after })) ? after : [];
    }
    if (others.length > 0) {
      screens.receipts(others);
      await screens.result("see-officer", "officer", chosen.officer_only ? "officer_only_text" : "declined_text");
    }
  } catch (error) {
    await failed(link, left, error);
  }
}

/** The notice and the two choices. Undefined when the gate changed meanwhile. */
async function choice(link, gate) {
  const over = new AbortController();
  screens.show("choice");
  watch(link, gate, over);
  whenIdle(IDLE_RESET_MS, forget, over.signal);
  const button = await pressed(["choose-photo", "choose-manual"], over.signal);
  over.abort();
  if (!button) return undefined;
  const mine = asked(button);
  const companions = Array.from({ length: Number(element("together").value) - 1 }, () => ({ claims_citizenship: mine.claims_citizenship }));
  return { ...mine, notice_version: gate.notice_version, together: companions };
}

/** A traveller who picked a language or ticked a box and left: the next one finds the page fresh. */
function forget() {
  words.reset();
  screens.clear();
}

// Where documents come first there is another page; this device is known there, too.
await run((gate) => (gate.expects === "documents" ? "/lane" : undefined), serve);
