// The gate: notice, choice, camera, result; then everything of the traveller is wiped and the next one comes.
// The camera starts only after the traveller chose it, and stops right after the last frame.

import { Camera } from "./camera.js";
import { enrol, identity } from "./device.js";
import { Link, Lost, Refusal, pause } from "./gate-link.js";
import { Words } from "./i18n.js";
import { Screens } from "./screens.js";

const API = "/api/device/v1";
const POLL_CLOSED_MS = 3000;
const POLL_OPEN_MS = 5000;
const IDLE_RESET_MS = 45_000;
const LOOK_SECONDS_MAX = 20;
const STUCK_SECONDS_MAX = 20;
const USABLE_IN_A_ROW = 2;
const FRAMES = 3;
const BETWEEN_FRAMES_MS = 120;
const CAPTURES_MAX = 6;

const element = (id) => document.getElementById(id);
const words = await Words.load();
const screens = new Screens(words);

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => words.choose(button.dataset.language));
}
element("claim").addEventListener("change", () => (element("claimed").hidden = !element("claim").checked));
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  const buttons = document.querySelectorAll("[data-screen]:not([hidden]) button.choice");
  [...buttons].find((button) => button.getAttribute("aria-keyshortcuts") === event.key)?.click();
});

/** Resolves to the id of the button pressed, or undefined when the signal aborts. */
function pressed(ids, signal) {
  return new Promise((resolve) => {
    const done = new AbortController();
    const finish = (id) => {
      done.abort();
      resolve(id);
    };
    for (const id of ids) element(id).addEventListener("click", () => finish(id), { signal: done.signal });
    if (signal.aborted) finish(undefined);
    else signal.addEventListener("abort", () => finish(undefined), { signal: done.signal });
  });
}

async function main() {
  const code = new URLSearchParams(location.hash.slice(1)).get("enrol");
  if (location.hash) history.replaceState(null, "", location.pathname);
  if (!globalThis.crypto?.subtle || !globalThis.indexedDB || !navigator.mediaDevices) return screens.closed("unfit");
  let me;
  try {
    me = code ? await enrol(code) : await identity();
  } catch (error) {
    return screens.closed(error.name === "NotSupportedError" ? "unfit" : "enrol_failed");
  }
  if (!me) return screens.closed("not_enrolled");
  const link = new Link(me);
  for (;;) {
    const gate = await opened(link);
    await serve(link, gate);
    screens.clear();
  }
}

/** Waits until the gate is open, saying why it is not. */
async function opened(link) {
  for (;;) {
    try {
      const gate = await link.get(`${API}/gate`, { secondsMax: 5 });
      words.notice = gate.notice;
      screens.place(gate);
      screens.trouble("");
      link.under(gate);
      if (gate.state === "open") return gate;
      screens.closed(gate.state === "not-designated" ? "not_designated" : "closed");
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) screens.closed("not_enrolled", error.message);
      else screens.closed("lost");
    }
    await pause(POLL_CLOSED_MS);
  }
}

/** One traveller, from the notice to the wiped page. */
async function serve(link, gate) {
  words.reset();
  const chosen = await choice(link, gate);
  if (!chosen) return;
  let begun;
  try {
    begun = await link.post(`${API}/encounters`, {
      lane: chosen.lane,
      claims_citizenship: chosen.claimsCitizenship,
      notice_version: gate.notice_version,
      presented: null,
    });
    if (begun.receipt) screens.receipt(begun.receipt);
    if (chosen.lane === "photo" && begun.next === "camera") await photograph(link, gate, begun.encounter);
    else await screens.result("see-officer", "officer", "declined_text");
  } catch (error) {
    if (!(error instanceof Lost)) screens.trouble(error.message);
    // Who is sent to an officer is in the officer's queue, as far as the line allows.
    if (begun) link.post(`${API}/encounters/${begun.encounter}/camera-failure`, {}).catch(() => {});
    const closedMeanwhile = ["no-voyage", "point-not-designated", "stale-notice", "stale-authority"].includes(error.reason);
    if (!closedMeanwhile) await screens.result("see-officer", "officer", error instanceof Lost ? "lost_text" : "officer_text");
  }
}

/** The notice and the two choices. Undefined when the gate changed meanwhile. */
async function choice(link, gate) {
  const over = new AbortController();
  screens.show("choice");
  watch(link, gate, over);
  forgetWhenIdle(over.signal);
  const button = await pressed(["choose-photo", "choose-manual"], over.signal);
  over.abort();
  if (!button) return undefined;
  screens.show("working");
  return { lane: button === "choose-photo" ? "photo" : "manual", claimsCitizenship: element("claim").checked };
}

/** Looks now and then whether the gate is still what the traveller reads. */
async function watch(link, shown, over) {
  const what = (gate) => JSON.stringify([gate.state, gate.voyage, gate.notice_version, gate.designation]);
  while (!over.signal.aborted) {
    await pause(POLL_OPEN_MS);
    if (over.signal.aborted) return;
    const gate = await link.get(`${API}/gate`, { secondsMax: 4 }).catch(() => undefined);
    if (!gate || what(gate) !== what(shown)) return over.abort();
  }
}

/** A traveller who picked a language or ticked a box and left: the next one finds the page fresh. */
function forgetWhenIdle(signal) {
  let timer;
  const fresh = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      words.reset();
      screens.clear();
    }, IDLE_RESET_MS);
  };
  for (const event of ["pointerdown", "keydown"]) addEventListener(event, fresh, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
}

/** The photo lane, until a result was shown. */
async function photograph(link, gate, encounter) {
  const path = `${API}/encounters/${encounter}`;
  for (let capture = 0; capture < CAPTURES_MAX; capture++) {
    const frames = await look(link, gate, path);
    if (frames === "declined" || frames === "no-camera") {
      const declined = frames === "declined";
      await toOfficer(link, `${path}/${declined ? "decline" : "camera-failure"}`, declined ? "left_text" : "camera_failed_text");
      return;
    }
    if (frames === "stuck") {
      const button = await stuck();
      if (button === "try-again") continue;
      if (button) await toOfficer(link, `${path}/decline`, "left_text");
      else await link.post(`${path}/leave`, {}).catch(() => {});
      return;
    }
    screens.show("working");
    const answer = await link.capture(`${path}/captures`, frames);
    if (answer.step === "proceed") return screens.result("proceed", "proceed", "proceed_text");
    if (answer.step !== "try-again") return screens.result("see-officer", "officer", "officer_text");
    await screens.result("try-again", "again", "", answer.advice.slice(0, 2), 3.5);
  }
  await toOfficer(link, `${path}/camera-failure`, "officer_text");
}

/** Says at once that an officer takes over, and tells the service; a lost line changes nothing for the traveller. */
async function toOfficer(link, path, detail) {
  const told = link.post(path, {}).catch((error) => screens.trouble(error.message));
  await screens.result("see-officer", "officer", detail);
  await told;
}

async function stuck() {
  screens.show("stuck");
  const over = AbortSignal.timeout(STUCK_SECONDS_MAX * 1000);
  return pressed(["try-again", "stuck-manual"], over);
}

/**
 * The camera runs: guides by what the service sees, then takes the frames. Resolves to a FormData of frames,
 * or to `declined`, `stuck`, `no-camera`. The camera is off when it resolves.
 */
async function look(link, gate, path) {
  const over = new AbortController();
  let declined = false;
  const refusal = pressed(["rather-not"], over.signal).then((button) => {
    if (!button) return;
    declined = true;
    over.abort();
  });
  let camera;
  try {
    screens.guide("look_at_camera");
    screens.show("camera");
    camera = await Camera.start(element("preview"));
    over.signal.addEventListener("abort", () => camera.stop());
    if (declined) return "declined";
    const ready = await guide(link, gate, path, camera, over.signal);
    if (ready && !declined) return await take(camera, gate);
    return declined ? "declined" : camera.live ? "stuck" : "no-camera";
  } catch (error) {
    if (declined) return "declined";
    if (error instanceof Lost || error instanceof Refusal) throw error;
    screens.trouble(error.message);
    return "no-camera";
  } finally {
    camera?.stop();
    over.abort();
    await refusal;
  }
}

/** Guides until the frames will do, or the time is over: then whether anybody was seen at all. */
async function guide(link, gate, path, camera, signal) {
  const until = performance.now() + LOOK_SECONDS_MAX * 1000;
  let inARow = 0;
  let seenOnce = false;
  while (performance.now() < until && camera.live) {
    const next = performance.now() + gate.preview_interval_ms;
    const seen = await link.capture(`${path}/previews`, await camera.frame(0.85), { signal });
    if (signal.aborted) return false;
    // No advice and not usable: nobody's face was there.
    seenOnce ||= seen.usable || seen.advice.length > 0;
    inARow = seen.usable ? inARow + 1 : 0;
    if (seen.usable) screens.guide("hold");
    else if (seen.advice.length > 0) screens.advise(seen.advice[0]);
    else screens.guide("look_at_camera");
    if (inARow >= USABLE_IN_A_ROW) return true;
    await pause(next - performance.now());
  }
  return seenOnce && camera.live;
}

async function take(camera, gate) {
  const frames = new FormData();
  for (let n = 0; n < Math.min(FRAMES, gate.frames_max); n++) {
    if (n > 0) await pause(BETWEEN_FRAMES_MS);
    frames.append("frame", await camera.frame(0.92), `${n}.jpg`);
  }
  camera.stop();
  return frames;
}

await main();
