// What the pages of all devices share: who this device is, whether its point is open, the traveller's choice, the camera's
// turns, and who is sent to the officer when something fails. Frames live in memory, and no longer than they are sent.

import { enrol, identity } from "./device.js";
import { Link, Lost, Refusal, pause } from "./gate-link.js";
import { Words } from "./i18n.js";
import { look } from "./photo.js";
import { Screens } from "./screens.js";

export const API = "/api/device/v1";
const POLL_CLOSED_MS = 3000;
const POLL_OPEN_MS = 5000;
/** One answer that is late takes the notice from nobody who reads it. */
const POLLS_LOST = 2;
const STUCK_SECONDS_MAX = 20;
/** Captures in one passage. The policy calls an officer sooner. */
const CAPTURES_MAX = 6;
/** What the service is still to be told; more than any line of travellers. */
const OWED_MAX = 50;

export const element = (id) => document.getElementById(id);
export const words = await Words.load();
export const screens = new Screens(words);

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => words.choose(button.dataset.language));
}
element("claim").addEventListener("change", () => (element("claimed").hidden = !element("claim").checked));
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  // What is typed is no key for a button, nor is what is pressed in a dialog over the screen.
  if (event.target.closest("textarea, select, input:not([type=checkbox])") || document.querySelector(":modal")) return;
  const buttons = [...document.querySelectorAll("[data-screen] button.choice")].filter((button) => button.checkVisibility());
  buttons.find((button) => button.getAttribute("aria-keyshortcuts") === event.key)?.click();
});

/** Resolves to the id of the button pressed, or undefined when the signal aborts. */
export function pressed(ids, signal) {
  return new Promise((resolve) => {
    const done = new AbortController();
    const finish = (id) => {
      done.abort();
      resolve(id);
    };
    for (const id of ids) element(id).addEventListener("click", () => finish(id), { signal: done.signal });
    if (signal?.aborted) finish(undefined);
    else signal?.addEventListener("abort", () => finish(undefined), { signal: done.signal });
  });
}

/** What was asked for on the screen of the choice, as the service is told it. */
export function asked(button) {
  return {
    lane: button === "choose-photo" ? "photo" : "manual",
    claims_citizenship: element("claim").checked,
    private_booth: element("wish-booth").checked,
    same_sex_officer: element("wish-officer").checked,
    officer_only: element("wish-only").checked,
  };
}

/** Calls `forget` when the page was not touched for so long: after the first touch, or from now on where somebody is here. */
export function whenIdle(ms, forget, signal, { somebody = false } = {}) {
  let timer;
  const fresh = () => {
    clearTimeout(timer);
    timer = setTimeout(forget, ms);
  };
  for (const event of ["pointerdown", "keydown"]) addEventListener(event, fresh, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  if (somebody) fresh();
}

/** Serves one traveller after the other, for good. `elsewhere(gate)` is the page for a point that is not this page's. */
export async function run(elsewhere, serve) {
  const me = await known();
  if (!me) return;
  const link = new Link(me);
  for (;;) {
    const gate = await opened(link, elsewhere);
    fresh();
    await serve(link, gate);
    fresh();
  }
}

function fresh() {
  screens.clear();
  words.reset();
}

/** This device, enrolled by the link that the page was opened with or before; else the page says why not. */
async function known() {
  const code = new URLSearchParams(location.hash.slice(1)).get("enrol");
  if (location.hash) history.replaceState(null, "", location.pathname);
  if (!globalThis.crypto?.subtle || !globalThis.indexedDB || !navigator.mediaDevices) return screens.closed("unfit");
  try {
    const me = code ? await enrol(code) : await identity();
    return me ?? screens.closed("not_enrolled");
  } catch (error) {
    return screens.closed(error.name === "NotSupportedError" ? "unfit" : "enrol_failed");
  }
}

/** Waits until the point is open, saying why it is not. */
async function opened(link, elsewhere) {
  for (;;) {
    try {
      const gate = await link.get(`${API}/gate`, { secondsMax: 5 });
      const page = elsewhere(gate);
      if (page) {
        location.replace(page);
        return new Promise(() => {});
      }
      words.notice = gate.notice;
      screens.place(gate);
      screens.trouble("");
      link.under(gate);
      await pay(link);
      if (gate.state === "open") return gate;
      const shut = gate.expects === "voyage" ? "closed" : "closed_here";
      screens.closed(gate.state === "not-designated" ? "not_designated" : shut);
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) screens.closed("not_enrolled", error.message);
      else screens.closed("lost");
    }
    await pause(POLL_CLOSED_MS);
  }
}

/** Looks now and then whether the point is still what the traveller reads; ends `over` when it is not. */
export async function watch(link, shown, over) {
  const what = (gate) => JSON.stringify([gate.state, gate.voyage, gate.notice_version, gate.designation]);
  for (let lost = 0; lost < POLLS_LOST; ) {
    await pause(POLL_OPEN_MS);
    if (over.signal.aborted) return;
    const gate = await link.get(`${API}/gate`, { secondsMax: 4 }).catch(() => undefined);
    lost = gate ? 0 : lost + 1;
    if (gate && what(gate) !== what(shown)) break;
  }
  over.abort();
}

/** Begins an encounter for everybody who chose; gives all of them. */
export async function begin(link, choice) {
  screens.show("working");
  const { together = [], ...first } = await link.post(`${API}/encounters`, choice);
  return [first, ...together];
}

const of = (what, party, value = {}) => party.map(({ encounter }) => ({ path: `${API}/encounters/${encounter}/${what}`, value }));

/**
 * Before the camera, until a result was shown to those who stand there. `after` are those of their party who come next: they
 * go where the first went when the camera fails or everybody has left. Gives whether it is their turn.
 */
export async function photograph(link, gate, party, { after = [], vehicle = false, thanks = ["proceed", "proceed_text"], seconds } = {}) {
  const path = `${API}/encounters/${party[0].encounter}`;
  const everybody = [...party, ...after];
  const result = (step, title, text) => screens.result(step, title, text, [], seconds);
  for (let capture = 0; capture < CAPTURES_MAX; capture++) {
    let frames = await look(link, gate, path, screens, { guided: party.length === 1 });
    if (frames === "stuck") {
      const button = await stuck();
      if (button === "try-again") continue;
      if (!button) {
        await tell(link, of("leave", everybody));
        return false;
      }
      frames = "declined";
    }
    if (frames === "declined") {
      const all = { together: party.length > 1 };
      await Promise.all([tell(link, of("decline", party.slice(0, 1), all)), result("see-officer", "officer", "left_text")]);
      return true;
    }
    if (frames === "no-camera") {
      screens.receipts(everybody);
      await Promise.all([tell(link, of("camera-failure", everybody)), result("see-officer", "officer", "camera_failed_text")]);
      return false;
    }
    screens.show("working");
    const { step, advice = [] } = await link.capture(`${path}/${vehicle ? "vehicle-captures" : "captures"}`, frames);
    if (step !== "try-again") {
      if (step === "proceed") await result("proceed", ...thanks);
      else if (step === "go-to-booth") await result("proceed", "booth", "booth_text");
      else await result("see-officer", "officer", "officer_text");
      return true;
    }
    await screens.result("try-again", "again", "", advice.slice(0, 2), 3.5);
  }
  await Promise.all([tell(link, of("camera-failure", party)), result("see-officer", "officer", "officer_text")]);
  return true;
}

/** Nobody's face was seen for long: what now? Undefined when nobody answers. */
function stuck() {
  screens.show("stuck");
  return pressed(["try-again", "stuck-manual"], AbortSignal.timeout(STUCK_SECONDS_MAX * 1000));
}

/** Whether it was refused because the point closed, or shows something else now: then its page says so. */
function closedMeanwhile(error) {
  return ["no-voyage", "point-not-designated", "stale-notice", "stale-authority"].includes(error.reason);
}

/** Something failed: the whole party is the officer's, and is told so. */
export async function failed(link, party, error) {
  const lost = error instanceof Lost;
  owe(of("camera-failure", party));
  if (!lost) {
    screens.trouble(error.message);
    pay(link);
  }
  if (closedMeanwhile(error)) return;
  screens.receipts(party);
  await screens.result("see-officer", "officer", lost ? "lost_text" : "officer_text");
}

/** What the service is to hear once there is a line: identifiers, never a picture. */
let owed = [];

function owe(messages) {
  owed = [...owed, ...messages].slice(-OWED_MAX);
}

function tell(link, messages) {
  owe(messages);
  return pay(link);
}

/** Tells what is owed; what is lost on the way is told again when the point answers. */
async function pay(link) {
  const due = owed;
  owed = [];
  for (const [at, { path, value }] of due.entries()) {
    try {
      await link.post(path, value);
    } catch (error) {
      if (error instanceof Lost) return owe(due.slice(at));
      screens.trouble(error.message);
    }
  }
}
