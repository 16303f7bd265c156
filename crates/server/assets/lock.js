// A shared console locks when nobody is at it. The service decides; this says that somebody is, and leads to the lock.

import { place, toLock } from "./people.js";

const SAID_EVERY_MS = 20_000;

let saidAt = 0;
let timer;

/** Looks again when the session would lock by then. */
function look({ locked, locks_in_seconds: seconds }) {
  clearTimeout(timer);
  if (locked) return toLock();
  if (seconds !== null) timer = setTimeout(ask, Math.max(1, seconds + 1) * 1000);
}

async function ask(path = "/api/session", method = "GET") {
  try {
    const answer = await fetch(path, { method, cache: "no-store", signal: AbortSignal.timeout(15_000) });
    if (answer.status === 423) return toLock();
    if (answer.ok) look(await answer.json());
  } catch {
    // Without a connection nothing comes here that could be seen; it is looked at again.
    timer = setTimeout(ask, SAID_EVERY_MS);
  }
}

function here() {
  if (Date.now() - saidAt < SAID_EVERY_MS) return;
  saidAt = Date.now();
  ask("/api/session/here", "POST");
}

for (const event of ["pointerdown", "pointermove", "keydown"]) addEventListener(event, here, { passive: true });
document.querySelector("form.lock")?.addEventListener("submit", (event) => {
  event.target.elements.next.value = place();
});
ask();
