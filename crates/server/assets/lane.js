// A lane: the document comes first, then each person's choice, then the camera; then everything is wiped.
// In a vehicle everybody shows a document and chooses before the camera sees anybody. On an officer's tablet the
// officer rules on the same screen.

import { API, asked, begin, element, failed, photograph, pressed, run, screens, watch, whenIdle } from "./device-page.js";
import { Lost } from "./gate-link.js";
import { mountMrz } from "./mrz.js";
import { Tablet } from "./tablet.js";

const IDLE_RESET_MS = 60_000;
const PEOPLE_MAX = 10;

const tablet = element("ruling") ? new Tablet() : undefined;
/** On a tablet the officer's part follows at once, and the receipt after it. */
const SECONDS = tablet ? 1 : undefined;

/** Who has shown a document so far: its lines, and what they asked for. */
let people = [];
/** Who came to a tablet whose line was lost: the officer rules when it is back. */
let unruled = [];
let said;
const zone = mountMrz(element("lane-mrz"), (lines) => said?.({ lines }));

/** One traveller, or one vehicle, from the first document to the wiped page. */
async function serve(link, gate) {
  if (unruled.length > 0) await rule(gate, unruled);
  unruled = [];
  const over = new AbortController();
  watch(link, gate, over);
  const gathered = await gather(gate, over.signal);
  over.abort();
  const chosen = gathered && choice(gate);
  forget();
  if (!chosen) return;
  let party = [];
  const shown = new AbortController();
  const vehicle = gate.point.kind === "vehicle-lane";
  const offer = () => vehicle || remember(link, party[0], chosen.mrz, shown.signal);
  try {
    party = await begin(link, chosen);
    if (!tablet) screens.receipts(party);
    const camera = party.every((one) => one.next === "camera");
    if (!tablet && (camera || party[0].known_here)) offer();
    if (camera) await photograph(link, gate, party, { vehicle, thanks: ["proceed_lane", ""], seconds: SECONDS });
    else await screens.result("see-officer", "officer", chosen.officer_only ? "officer_only_text" : "declined_text", [], SECONDS);
  } catch (error) {
    await failed(link, party, error);
    if (tablet && error instanceof Lost) unruled = party;
  }
  if (tablet && unruled.length === 0) await rule(gate, party, offer);
  shown.abort();
}

/**
 * Offers who is known by their document to be recognised here without it; and whoever asked for that, to end it, photographed
 * or not. Only their own press does either.
 */
async function remember(link, { encounter, known_here }, mrz, ended) {
  if (!mrz) return;
  const part = element("remember-part");
  const button = element("remember");
  screens.say("remember-said", "");
  [part.hidden, part.dataset.known] = [false, known_here];
  ended.addEventListener("abort", () => (part.hidden = true));
  for (let known = known_here; ; ) {
    screens.say("remember-words", known ? "forget" : "remember");
    button.hidden = false;
    // Pressed again meanwhile it does nothing; off, it would lose the focus of whoever works by keyboard.
    if (!(await pressed(["remember"], ended))) return;
    screens.more();
    try {
      if (known) {
        await link.post(`${API}/consents/withdraw`, { mrz });
        screens.say("remember-said", "forgotten");
        button.hidden = true;
        element("remember-said").focus();
        return;
      }
      await link.post(`${API}/encounters/${encounter}/consent`, {});
      known = true;
      screens.say("remember-said", "remembered");
    } catch (error) {
      screens.trouble(error.message);
    }
  }
}

/** The officer's part; then the receipts stay until the next traveller's turn. */
async function rule(gate, party, offer) {
  const passed = element("outcome").dataset.outcome === "proceed";
  const [step, title] = (await tablet.rule(gate, party, passed)) ? ["proceed", "proceed_lane"] : ["see-officer", "officer"];
  screens.receipts(party);
  if (passed || party[0]?.known_here) offer?.();
  if (party.some((one) => one.receipt)) await screens.resultUntil(pressed(["next"]), step, title);
  screens.clear();
}

/** Documents and choices, one person after the other; false when they left, or the lane changed. */
async function gather(gate, ended) {
  const vehicle = gate.point.kind === "vehicle-lane";
  for (;;) {
    zone.clear();
    element("known-here").hidden = vehicle || people.length > 0;
    element("everybody").hidden = people.length === 0;
    element("so-far").dataset.n = people.length;
    screens.say("so-far", people.length > 0 ? "so_far" : "");
    screens.show("document");
    zone.focus();
    const shown = await answer(["no-document", "known-here", "everybody"], ended);
    if (!shown) return false;
    if (shown === "everybody") return true;
    // The same document once more is nobody else's.
    if (shown.lines && people.some(({ lines }) => lines?.join() === shown.lines.join())) continue;
    const person = { lines: shown.lines };
    people.push(person);
    zone.clear();
    if (shown === "no-document") {
      Object.assign(person, { lane: "photo", claims_citizenship: false, officer_only: true });
      return true;
    }
    screens.unchoose();
    screens.show("choice");
    const button = await answer(["choose-photo", "choose-manual"], ended);
    if (!button) return false;
    Object.assign(person, asked(button));
    if (!vehicle || people.length === PEOPLE_MAX) return true;
  }
}

/** Resolves to the id of the button pressed, to a document that was read, or to undefined when nobody is there any more. */
async function answer(ids, ended) {
  const done = new AbortController();
  const over = AbortSignal.any([ended, done.signal]);
  // Before anybody has come there is nothing to forget.
  whenIdle(IDLE_RESET_MS, () => done.abort(), over, { somebody: people.length > 0 });
  const read = new Promise((resolve) => (said = resolve));
  const answered = await Promise.race([pressed(ids, over), read]);
  said = undefined;
  done.abort();
  return answered;
}

/** What the service is told. Whom one of them asks for, all of them meet. */
function choice(gate) {
  const any = (wish) => people.some((one) => Boolean(one[wish]));
  const of = ({ lane, claims_citizenship, lines }) => ({ lane, claims_citizenship, mrz: lines?.join("\n") ?? null });
  const [first, ...others] = people.map(of);
  const wishes = Object.fromEntries(["private_booth", "same_sex_officer", "officer_only"].map((wish) => [wish, any(wish)]));
  return { ...first, ...wishes, notice_version: gate.notice_version, together: others };
}

/** Documents and names are not needed any more. */
function forget() {
  people = [];
  zone.clear();
}

// Where nobody shows a document first there is another page; this device is known there, too.
await run((gate) => (gate.expects === "documents" ? undefined : "/gate"), serve);
