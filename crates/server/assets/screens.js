// What the gate shows: one screen at a time, in the chosen language.

import { pause } from "./gate-link.js";

const element = (id) => document.getElementById(id);

const SVG = "http://www.w3.org/2000/svg";
const RESULT_SECONDS = 6;
/** Long enough to hold a telephone before it; and for each further one. */
const RECEIPT_SECONDS = 12;
const RECEIPT_MORE_SECONDS = 5;

export class Screens {
  #words;
  #advisedAt = 0;
  #receipts = 0;
  #until = 0;

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
    this.say("closed-title", why);
    this.say("closed-text", `${why}_text`);
    element("closed-detail").textContent = detail;
    // Again every few seconds: whoever reads there is not sent back to the heading.
    if (document.body.dataset.showing !== "closed") this.show("closed");
  }

  /** Where this is, and under which law. */
  place({ point, voyage, designation, expects }) {
    const route = voyage && expects === "voyage" ? ` · ${voyage.name}${voyage.to ? ` → ${voyage.to}` : ""}` : "";
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
    this.say("advice", key);
  }

  /** Shows a result for some seconds: `proceed`, `try-again` or `see-officer`, with the text `detail` and advice. */
  async result(step, title, detail, advice = [], seconds = this.#seconds()) {
    this.#outcome(step, title, detail, advice);
    this.#until = performance.now() + seconds * 1000;
    for (let left = seconds * 1000; left > 0; left = this.#until - performance.now()) {
      element("clearing").value = (left / (seconds * 1000)) * 100;
      await pause(Math.min(left, 200));
    }
  }

  /** The result that is shown stays for its time from now on: somebody does something with it. */
  more() {
    this.#until = performance.now() + this.#seconds() * 1000;
  }

  /** The same until a promise resolves, as of the button `next`. */
  async resultUntil(over, step, title) {
    this.#outcome(step, title, "", []);
    const waits = (next) => {
      element("next").hidden = !next;
      element("clearing").hidden = next;
    };
    waits(true);
    await over;
    waits(false);
  }

  #seconds() {
    return this.#receipts > 0 ? RECEIPT_SECONDS + (this.#receipts - 1) * RECEIPT_MORE_SECONDS : RESULT_SECONDS;
  }

  #outcome(step, title, detail, advice) {
    element("receipt").hidden = this.#receipts === 0 || step === "try-again";
    element("outcome").dataset.outcome = step;
    this.say("result-title", title);
    this.say("result-text", detail);
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
  }

  /** What each of a party takes away; shown with the result that ends their passage. */
  receipts(party) {
    const given = party.flatMap(({ receipt }) => receipt ?? []);
    this.#receipts = given.length;
    const items = given.map(({ code, qr }) => this.#receipt(code, qr));
    element("receipts").replaceChildren(...items);
  }

  #receipt(code, qr) {
    const item = document.createElement("li");
    if (qr) {
      const picture = document.createElementNS(SVG, "svg");
      const given = { class: "take-away-qr", role: "img", "aria-label": this.#words.text("receipt"), "shape-rendering": "crispEdges" };
      for (const [name, value] of Object.entries({ ...given, viewBox: `0 0 ${qr.size} ${qr.size}` })) picture.setAttribute(name, value);
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", qr.path);
      picture.append(path);
      item.append(picture);
    }
    const words = document.createElement("p");
    words.className = "take-away-code";
    words.dir = "ltr";
    words.textContent = code.match(/.{4}/g).join(" ");
    item.append(words);
    return item;
  }

  /** Nothing is chosen any more, as whoever comes next finds it. */
  unchoose() {
    for (const id of ["claim", "wish-booth", "wish-officer", "wish-only"]) element(id).checked = false;
    element("wishes").open = false;
    element("claimed").hidden = true;
    const together = element("together");
    if (together) together.value = "1";
  }

  /** Wipes what belonged to one traveller. */
  clear() {
    this.unchoose();
    this.receipts([]);
    element("receipt").hidden = true;
    delete element("outcome").dataset.outcome;
    element("spoken").textContent = "";
    element("result-advice").replaceChildren();
    this.guide("look_at_camera");
  }

  /** A line for the staff at the foot of the page. */
  trouble(text) {
    element("trouble").textContent = text;
  }

  /** Writes a text into an element, which follows the language from then on; an empty key takes it away. */
  say(id, key) {
    const target = element(id);
    if (key) target.dataset.text = key;
    else delete target.dataset.text;
    this.#words.write(target);
  }
}
