// The officer's part of a tablet: whoever has just come is admitted, lets pass, or referred, on the same screen.

import { pause } from "./gate-link.js";
import { noLastDay } from "./forms.js";
import { get, post } from "./people.js";

const OFFICER = "/api/officer/v1";
/** How often the board is asked for over a poor line. */
const TRIES = 3;
const BETWEEN_TRIES_MS = 2000;
const element = (id) => document.getElementById(id);

export class Tablet {
  /** Rules on each of who came and waits, in order. Gives whether all may go on; `passed`: the machine let pass who does not wait. */
  async rule(gate, party, passed) {
    let all = true;
    for (const { encounter } of party) all = (await this.#one(gate, encounter, passed)) && all;
    return all;
  }

  async #one({ point }, encounter, passed) {
    const board = await this.#board(point.id);
    if (!board) return false;
    const waiting = board.queue.find((one) => one.encounter === encounter);
    if (!waiting) return passed;
    const { passenger } = waiting;
    const entering = point.direction === "entry";
    element("ruling-who").textContent = passenger ? `${passenger.name} · ${passenger.document}` : "No document was read";
    element("ruling-why").textContent = why(waiting);
    element("ruling-admission").hidden = !entering;
    element("ruling-problem").textContent = "";
    element("ruling-pass").disabled = !passenger;
    element("ruling-pass").firstElementChild.textContent = entering ? "Admit" : "Let pass";
    element("ruling-class").value = element("ruling-until").value = element("ruling-reason").value = "";
    const dialog = element("ruling");
    // Its buttons work from the moment that they are seen.
    const ruled = this.#ruled(dialog, encounter, passenger, entering);
    dialog.showModal();
    await post(`${OFFICER}/encounters/${encounter}/take`, {}).catch(() => {});
    return ruled;
  }

  /** Resolves once a ruling is recorded, or left to the console: whether the traveller may go on. */
  #ruled(dialog, encounter, passenger, entering) {
    const done = new AbortController();
    let sending = false;
    const endless = noLastDay();
    return new Promise((resolve) => {
      const finish = (passes) => {
        done.abort();
        dialog.close();
        resolve(passes);
      };
      const send = async (ruling, passes) => {
        if (sending) return;
        sending = true;
        try {
          await post(`${OFFICER}/encounters/${encounter}/rulings`, ruling);
          finish(passes);
        } catch (error) {
          element("ruling-problem").textContent = error.message;
          element(ruling.ruling === "admit" ? "ruling-class" : "ruling-reason").focus();
        } finally {
          sending = false;
        }
      };
      const reason = () => element("ruling-reason").value.trim();
      const on = (id, act) => element(id).addEventListener("click", act, { signal: done.signal });
      on("ruling-pass", () => {
        if (!entering) return send({ ruling: "board", passenger: passenger.id, reason: "" }, true);
        const until = element("ruling-until").value;
        try {
          endless(element("ruling-class").value, until);
        } catch (error) {
          element("ruling-problem").textContent = error.message;
          return element("ruling-until").focus();
        }
        const admitted = { class: element("ruling-class").value, ...(until && { until }) };
        return send({ ruling: "admit", passenger: passenger.id, admitted, reason: "" }, true);
      });
      on("ruling-refuse", () => send({ ruling: "refuse", reason: reason() }, false));
      on("ruling-second", () => send({ ruling: "secondary", reason: reason() }, false));
      // An officer may not be asked to choose: the console has the rest.
      on("ruling-later", () => finish(false));
      dialog.addEventListener("close", () => finish(false), { signal: done.signal });
    });
  }

  /** The point's board, or undefined when there is no line: then the console rules. */
  async #board(point) {
    for (let at = 0; at < TRIES; at++) {
      if (at > 0) await pause(BETWEEN_TRIES_MS);
      const board = await get(`${OFFICER}/board?${new URLSearchParams({ point })}`).catch((error) => {
        element("trouble").textContent = error.message;
      });
      if (board) return board;
    }
    return undefined;
  }
}

/** Why an officer is asked, as the service names it. */
function why({ lane, reasons, failure }) {
  const names = [...reasons, ...(failure ? [`no comparison: ${failure}`] : [])].map((name) => name.replaceAll("-", " "));
  if (names.length > 0) return names.join(", ");
  return lane === "manual" ? "No photo: look at the document" : "Face and document belong together";
}
