// Finds passengers of the voyage by name or document number, as the officer types.

import { post } from "./people.js";

const TYPING_MS = 180;
const SHOWN_MAX = 8;

/** Lists matches of what is typed into `input` in `list`; calls `pick(passenger)` with the one chosen. */
export function finder(input, list, voyage, pick, told = () => {}) {
  let timer;
  let asked = 0;

  async function search() {
    const query = input.value.trim();
    const mine = ++asked;
    if (query.length < 2 || !voyage()) {
      list.replaceChildren();
      return told(voyage() ? "" : "No voyage is boarding here.");
    }
    try {
      // A POST: what is typed is personal data and stands in no URL.
      const found = await post(`/api/officer/v1/voyages/${voyage()}/passengers`, { query });
      if (mine !== asked) return;
      list.replaceChildren(...found.slice(0, SHOWN_MAX).map(entry));
      told(found.length > SHOWN_MAX ? `${SHOWN_MAX} of ${found.length} shown: type more.` : `${found.length} found.`);
    } catch (error) {
      if (mine === asked) told(error.message);
    }
  }

  function entry(passenger) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "found-entry";
    button.dataset.passenger = passenger.id;
    const line = (text, name) => {
      const span = document.createElement("span");
      span.className = name;
      span.textContent = text;
      return span;
    };
    const facts = [passenger.document, passenger.nationality, passenger.born && `born ${passenger.born}`];
    if (passenger.boarded) facts.push("has boarded");
    if (!passenger.has_reference) facts.push("no reference");
    button.append(line(passenger.name, "entry-name"), line(facts.filter(Boolean).join(" · "), "muted"));
    button.addEventListener("click", () => pick(passenger));
    item.append(button);
    return item;
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, TYPING_MS);
  });
  const keys = (event) => {
    const buttons = [...list.querySelectorAll("button")];
    const here = buttons.indexOf(document.activeElement);
    if (event.key === "ArrowDown") (buttons[here + 1] ?? buttons[0])?.focus();
    else if (event.key === "ArrowUp") (buttons[here - 1] ?? input).focus();
    else if (event.key === "Enter" && here < 0) buttons[0]?.click();
    else return;
    event.preventDefault();
  };
  input.addEventListener("keydown", keys);
  list.addEventListener("keydown", (event) => event.key.startsWith("Arrow") && keys(event));

  return {
    clear() {
      asked++;
      input.value = "";
      list.replaceChildren();
      told("");
    },
  };
}
