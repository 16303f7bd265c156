// What the gate shows: one screen at a time, in the chosen language.

import { pause } from "./gate-link.js";

const element = (id) => document.getElementById(id);

const SVG = "http://www.w3.org/2000/svg";
const RESULT_SECONDS = 6;
/** Long enough to hold a telephone before it. */
const RECEIPT_SECONDS = 12;

export class Screens {
  #words;
  #advisedAt = 0;
  #hasReceipt = false;

  constructor(words) {
    this.#words = words;
  }

  /** Shows the screen of this name alone. Its heading takes the focus, so that no choice is preselected. */
  show(name) {
    for (const screen of document.querySelectorAll("[data-screen]")) screen.hidden = screen.dataset.screen !== name;
    document.body.dataset.showing = name;
    document.querySelector(`[data-screen=${name}] [tabindex="-1"]`)?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }

  /** Shows the gate closed; `why` names a text whose details are under `why_text`. */
  closed(why, detail = "") {
    this.#say("closed-title", why);
    this.#say("closed-text", `${why}_text`);
    element("closed-detail").textContent = detail;
    this.show("closed");
  }

  /** Where this is, and under which law. */
  place({ point, voyage, designation }) {
    const route = voyage ? ` · ${voyage.name}${voyage.to ? ` → ${voyage.to}` : ""}` : "";
    element("where").textContent = point.name + route;
    const owners = designation ? [designation.device_owner, ...designation.contractors].join(", ") : "";
    Object.assign(element("authority").dataset, { law: designation?.legal_basis ?? "", owner: owners });
    this.#words.apply();
  }

  /** Guidance while the camera runs. It changes at most once a second, so that it can be read. */
  advise(code) {
    const advice = element("advice");
    if (advice.dataset.advice === code || performance.now() - this.#advisedAt < 1000) return;
    this.#advisedAt = performance.now();
    delete advice.dataset.text;
    advice.dataset.advice = code;
    advice.textContent = this.#words.advice(code);
  }

  /** Guidance that is a text of its own: `look_at_camera`, `hold`. */
  guide(key) {
    delete element("advice").dataset.advice;
    this.#say("advice", key);
  }

  /** Shows a result: `proceed`, `try-again` or `see-officer`, with the text `detail` and advice. */
  async result(step, title, detail, advice = [], seconds = this.#hasReceipt ? RECEIPT_SECONDS : RESULT_SECONDS) {
    element("receipt").hidden = !this.#hasReceipt || step === "try-again";
    element("outcome").dataset.outcome = step;
    this.#say("result-title", title);
    this.#say("result-text", detail);
    element("result-text").hidden = !detail;
    element("result-advice").replaceChildren(
      ...advice.map((code) => {
        const item = document.createElement("li");
        item.dataset.advice = code;
        item.textContent = this.#words.advice(code);
        return item;
      }),
    );
    this.show("result");
    element("spoken").textContent = [element("result-title"), element("result-text")].map((e) => e.textContent).join(" ");
    const until = performance.now() + seconds * 1000;
    for (let left = seconds * 1000; left > 0; left = until - performance.now()) {
      element("clearing").value = (left / (seconds * 1000)) * 100;
      await pause(Math.min(left, 200));
    }
  }

  /** What the traveller takes away; shown with the result that ends the passage. */
  receipt({ code, qr }) {
    this.#hasReceipt = true;
    element("receipt-code").textContent = code.match(/.{4}/g).join(" ");
    const picture = element("receipt-qr");
    if (!qr) return;
    picture.setAttribute("viewBox", `0 0 ${qr.size} ${qr.size}`);
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", qr.path);
    picture.replaceChildren(path);
    picture.setAttribute("aria-label", this.#words.text("receipt"));
  }

  /** Wipes what belonged to one traveller. */
  clear() {
    this.#hasReceipt = false;
    element("receipt").hidden = true;
    element("receipt-code").textContent = "";
    element("receipt-qr").replaceChildren();
    element("claim").checked = false;
    element("claimed").hidden = true;
    element("spoken").textContent = "";
    element("result-advice").replaceChildren();
    this.guide("look_at_camera");
  }

  /** A line for the staff at the foot of the page. */
  trouble(text) {
    element("trouble").textContent = text;
  }

  #say(id, key) {
    const target = element(id);
    if (key) target.dataset.text = key;
    else delete target.dataset.text;
    target.textContent = key ? this.#words.text(key) : "";
  }
}
