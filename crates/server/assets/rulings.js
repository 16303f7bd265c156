// Rulings: what an officer decides about the card on top. Each is posted, said, and the next card comes.

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
    board.addEventListener("swapped", () => this.#offer());
    this.#offer();
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
    const what = { refuse: "Refuse boarding to", "off-load": "Take back the boarding of", hold: release ? "Release the hold on" : "Hold" }[rule];
    const reason = await askWhy(`${what} ${name}.`);
    if (!reason) return;
    if (rule === "hold") {
      await post(`${OFFICER}/passengers/${passenger}/hold`, { held: !release, reason });
      say(release ? `Released: ${name}.` : `Held: ${name}.`);
      return this.#board.select(encounter);
    }
    await post(rulingsPath, rule === "refuse" ? { ruling: "refuse", reason } : { ruling: "off-load", passenger, reason });
    say(rule === "refuse" ? `Refused: ${name}.` : `Taken off: ${name}.`);
    return this.#board.select(undefined);
  }

  /** The match was wrong. Whoever was found by the search and stands on the card is who it is. */
  async #correct(card, path) {
    const { confirmed, passenger, name = "the traveller" } = card.dataset;
    const instead = passenger && passenger !== confirmed ? passenger : undefined;
    const what = instead ? `The match was wrong: it is ${name}, by their document.` : `The match was wrong: it is not ${name}. (Find who it is first, to board them.)`;
    const reason = await askWhy(what);
    if (!reason) return;
    await post(path, { ruling: "somebody-else", passenger: confirmed, instead, reason });
    say(instead ? `Corrected, and boarded: ${name}.` : `Corrected: it was not ${name}.`);
    return this.#board.select(undefined);
  }
}

/** Asks for the reason; empty when the officer thought better of it. */
function askWhy(what) {
  const dialog = document.getElementById("why");
  const text = document.getElementById("why-text");
  document.getElementById("why-what").textContent = what;
  text.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  text.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "ok" ? text.value.trim() : ""), { once: true });
  });
}
