// Rulings: what an officer decides about the card on top. Each is posted, said, and the next card comes.

import { asked, noLastDay } from "./forms.js";
import { post, say } from "./people.js";

const OFFICER = "/api/officer/v1";

const CLASSES = {
  "establish-citizen": ["citizen", "a citizen"],
  "establish-permanent-resident": ["permanent-resident", "a permanent resident"],
  "establish-non-immigrant": ["non-immigrant", "a non-immigrant"],
};

export class Rulings {
  #board;
  #busy = false;
  #search;

  constructor(board, search) {
    this.#board = board;
    this.#search = search;
    for (const button of document.querySelectorAll("[data-rule]")) {
      button.addEventListener("click", (event) => {
        // Clicked with a pointer it does not keep the focus: the next Enter must not rule on the next traveller.
        if (event.detail > 0) document.getElementById("main").focus();
        this.rule(button.dataset.rule);
      });
    }
    document.getElementById("board").addEventListener("click", (event) => {
      const button = event.target.closest("[data-not-this-person]");
      if (button) this.#notThisPerson(button.dataset);
    });
    board.addEventListener("swapped", () => this.#offer());
    this.#offer();
  }

  /** The lookout means somebody else: an approver is asked, and it holds on later voyages too. */
  async #notThisPerson({ notThisPerson: passenger, lookout }) {
    const reason = await askWhy("The lookout means somebody else. Never write the traveller's name.");
    if (!reason) return;
    try {
      await post(`${OFFICER}/passengers/${passenger}/not-this-person`, { lookout, reason });
      say("Noted. It holds once an approver agrees.");
    } catch (error) {
      say(error.message, true);
    }
  }

  /** Enables what the card allows. */
  #offer() {
    const open = new Set(this.#board.card?.dataset.rulings?.split(" ") ?? []);
    for (const button of document.querySelectorAll("[data-rule]")) {
      const rule = button.dataset.rule;
      const offered = rule === "hold" ? open.has("hold") || open.has("release") : open.has(rule.replace(/^establish-.*/, "establish"));
      button.disabled = !offered;
      if (rule === "hold") button.querySelector("span").textContent = open.has("release") ? "Release…" : "Hold…";
    }
  }

  async rule(rule) {
    const card = this.#board.card;
    const offered = card && !document.querySelector(`[data-rule=${rule}]`)?.disabled;
    if (rule === "board" && card && !offered && !card.dataset.passenger) {
      say("Find the passenger first.");
      return this.#search();
    }
    if (rule === "search" && offered) return this.#search();
    if (!offered || this.#busy) return;
    if (!this.#board.steady) return say("The card has just changed: look, then press again.", true);
    this.#busy = true;
    try {
      await this.#carryOut(rule, card);
    } catch (error) {
      say(error.message, true);
      this.#board.changed();
    } finally {
      this.#busy = false;
    }
  }

  async #carryOut(rule, card) {
    const { encounter, passenger, name = "the traveller", rulings } = card.dataset;
    const path = `${OFFICER}/encounters/${encounter}`;
    const rulingsPath = `${path}/rulings`;
    if (rule === "take") {
      await post(`${path}/take`, {});
      say(`Taken up: ${name}.`);
      return this.#board.select(encounter);
    }
    if (rule === "board") {
      await post(rulingsPath, { ruling: "board", passenger, reason: "" });
      say(`Boarded: ${name}.`);
      return this.#board.select(undefined);
    }
    if (rule === "admit") return this.#admit(passenger, name, rulingsPath);
    if (rule === "protect") {
      if (!confirm(`Does ${name} claim protection? Nothing of this passage is given to any state or carrier then; it cannot be undone.`)) return;
      await post(`${path}/protection`, {});
      say(`Confidential: ${name}.`);
      return this.#board.select(encounter);
    }
    if (rule === "retake") {
      await post(rulingsPath, { ruling: "retake", reason: "" });
      say("Another photo is asked for at the gate.");
      return this.#board.select(undefined);
    }
    if (rule in CLASSES) {
      const [personClass, words] = CLASSES[rule];
      await post(rulingsPath, { ruling: "establish", class: personClass, reason: "" });
      say(`Established: ${name} is ${words}.`);
      return this.#board.select(encounter);
    }
    if (rule === "somebody-else") return this.#correct(card, rulingsPath);
    const release = rulings.split(" ").includes("release");
    const entering = card.dataset.entering !== undefined;
    const what = { refuse: entering ? "Refuse entry to" : "Refuse to let pass", secondary: "Refer to a second inspection:", "off-load": "Take back the boarding of", hold: release ? "Release the hold on" : "Hold" }[rule];
    const reason = await askWhy(`${what} ${name}.`);
    if (!reason) return;
    if (rule === "hold") {
      await post(`${OFFICER}/passengers/${passenger}/hold`, { held: !release, reason });
      say(release ? `Released: ${name}.` : `Held: ${name}.`);
      return this.#board.select(encounter);
    }
    await post(rulingsPath, rule === "off-load" ? { ruling: "off-load", passenger, reason } : { ruling: rule, reason });
    say({ refuse: `Refused: ${name}.`, secondary: `Referred: ${name}.`, "off-load": `Taken back: ${name}.` }[rule]);
    return this.#board.select(undefined);
  }

  /** At an entry: as what, and until when. The class chosen last is offered again. */
  async #admit(passenger, name, path) {
    const [className, until] = ["admit-class", "admit-until"].map((id) => document.getElementById(id));
    document.getElementById("admit-who").textContent = name;
    const endless = noLastDay();
    const admitted = asked("admit", () => {
      endless(className.value, until.value);
      const admission = { class: className.value, ...(until.value && { until: until.value }) };
      return post(path, { ruling: "admit", passenger, admitted: admission, reason: "" });
    });
    className.select();
    if (!(await admitted)) return;
    say(`Admitted: ${name}, ${className.value.toUpperCase()}${until.value ? ` until ${until.value}` : ""}.`);
    return this.#board.select(undefined);
  }

  /** The match was wrong. Whoever was found by the search and stands on the card is who it is. */
  async #correct(card, path) {
    const { confirmed, passenger, name = "the traveller" } = card.dataset;
    const instead = passenger && passenger !== confirmed ? passenger : undefined;
    const what = instead ? `The match was wrong: it is ${name}, by their document.` : `The match was wrong: it is not ${name}. (Find who it is first, to board them.)`;
    const reason = await askWhy(what);
    if (!reason) return;
    // Whoever enters is admitted by a ruling of its own; a correction takes back what was wrong.
    const entering = card.dataset.entering !== undefined;
    await post(path, { ruling: "somebody-else", passenger: confirmed, instead: entering ? undefined : instead, reason });
    say(instead && !entering ? `Corrected, and boarded: ${name}.` : `Corrected: it was not ${name}.`);
    return this.#board.select(undefined);
  }
}

/** Asks for the reason; empty when the officer thought better of it. */
async function askWhy(what) {
  const text = document.getElementById("why-text");
  document.getElementById("why-what").textContent = what;
  text.value = "";
  const given = asked("why", () => {
    if (text.value.trim()) return;
    text.focus();
    throw new Error("A reason is needed: it is kept with the ruling.");
  });
  text.focus();
  return (await given) ? text.value.trim() : "";
}
