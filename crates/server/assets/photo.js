// The camera's part of a passage: it runs after the choice, guides, takes the frames, and is off before anything is sent.

import { Camera } from "./camera.js";
import { Lost, Refusal, pause } from "./gate-link.js";

const LOOK_SECONDS_MAX = 20;
const USABLE_IN_A_ROW = 2;
const FRAMES = 3;
const BETWEEN_FRAMES_MS = 120;
/** Several people are not guided one by one: they have this long to look up. */
const TOGETHER_MS = 2500;

const element = (id) => document.getElementById(id);

/**
 * The camera runs: guides by what the service sees, then takes the frames. Resolves to a FormData of frames,
 * or to `declined`, `stuck`, `no-camera`. The camera is off when it resolves. Not `guided`: several people are before it.
 */
export async function look(link, gate, path, screens, { guided = true } = {}) {
  const over = new AbortController();
  let declined = false;
  const refuse = () => {
    declined = true;
    over.abort();
  };
  element("rather-not").addEventListener("click", refuse, { signal: over.signal });
  let camera;
  try {
    screens.guide("look_at_camera");
    document.querySelector(".guide").toggleAttribute("hidden", !guided);
    screens.show("camera");
    camera = await Camera.start(element("preview"));
    over.signal.addEventListener("abort", () => camera.stop());
    if (declined) return "declined";
    const ready = guided ? await guide(link, gate, path, camera, screens, over.signal) : await pause(TOGETHER_MS).then(() => camera.live);
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
  }
}

/** Guides until the frames will do, or the time is over: then whether anybody was seen at all. */
async function guide(link, gate, path, camera, screens, signal) {
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
