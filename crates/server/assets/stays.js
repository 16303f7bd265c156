// A person's stays in a case: opened, shown with their grounds, decided on. Nothing of them is in an address.

import { asksFor, fields } from "./forms.js";
import { localTimes, post, say } from "./people.js";

const element = (id) => document.getElementById(id);

function make(name, text, ...children) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}

function time(at) {
  const when = document.createElement("time");
  when.dateTime = at;
  when.dataset.local = "day-time";
  return when;
}

function who(person) {
  if (!person) return "";
  const documents = person.documents.length ? ` · ${person.documents.join(", ")}` : "";
  return `${person.family_name}, ${person.given_names} · ${person.born ?? "date of birth unknown"} · ${person.nationality ?? ""}${documents}`;
}

/** One end of a stay, with the box by which its record is chosen. */
function end(label, seen) {
  if (!seen) return make("p", `${label}: not recorded`);
  const box = Object.assign(document.createElement("input"), { type: "checkbox", value: seen.record });
  box.dataset.chosen = "";
  const from = seen.source.source === "imported" ? `, recorded by ${seen.source.from}` : "";
  const text = make("span", ` at ${seen.port} (${seen.mode}${from}) ${who(seen.who)}`);
  return make("p", "", make("label", "", box, ` ${label} `, time(seen.at), text));
}

function proposal(of) {
  const line = make("p", `May belong to it (confidence ${of.confidence / 10} %, names ${of.names / 10} % alike, ${of.method}):`);
  return [line, end("The other end", of.other)];
}

function stay(one) {
  const allowed = one.allowed ? `${one.allowed.class} ${one.allowed.until ? `until ${one.allowed.until}` : "without a last day"}` : "";
  const item = make("li", "", make("h3", one.state_in_words), make("p", one.explained));
  if (allowed) item.append(make("p", `Allowed: ${allowed}`));
  item.append(end("Entry", one.entry), end("Exit", one.exit), ...one.proposals.flatMap(proposal));
  return item;
}

/** Where a case decides on stays, a decision can be taken back in it. */
function decision(made, undo) {
  const item = make("li", `${made.decided.decided} · ${made.by} · `, time(made.at), make("span", ` · ${made.reason}`));
  if (element("stays-decide") && made.decided.decided !== "undone") {
    const button = Object.assign(make("button", "Take back…"), { type: "button", className: "quiet" });
    button.addEventListener("click", () => undo(made.id));
    item.append(" ", button);
  }
  return item;
}

function show(found, undo) {
  const all = make("ul", "", ...found.stays.map(stay));
  const parts = [all];
  if (found.decisions.length) {
    parts.push(make("h3", "Decisions"), make("ul", "", ...found.decisions.map((made) => decision(made, undo))));
  }
  element("stays-found").replaceChildren(...parts);
  localTimes(element("stays-found"));
  element("stays-none").hidden = found.stays.length > 0;
  const decide = element("stays-decide");
  if (decide) decide.hidden = found.stays.length === 0;
}

/** What a decision says of the records chosen; a text where they are too few or too many. */
export function decided(kind, records) {
  if (kind === "apart") return records.length ? { decided: kind, records } : "Choose the records that are another person's.";
  return records.length === 2 ? { decided: kind, a: records[0], b: records[1] } : "Choose two records.";
}

/** What the service is told of a change, by its name in the form. */
const CHANGES = {
  extension: ({ until }) => ({ change: "extension", until }),
  status: ({ class: admittedAs, until }) => ({ change: "status", class: admittedAs, until: until || null }),
  applied: () => ({ change: "applied" }),
  "application-refused": () => ({ change: "application-refused" }),
  resident: () => ({ change: "settled", citizen: false }),
  citizen: () => ({ change: "settled", citizen: true }),
};

/** Makes the part of a case live; `documentOf` reads a form's document, `during` runs work with its button off. */
export function stays(path, { during, problem, personOf, documentOf }) {
  let wanted;
  const look = async () => show(await post(`${path}/stays`, wanted), undo);
  const undo = (id) => {
    const reason = prompt("Why is this decision taken back? Never name the traveller.");
    if (!reason) return;
    const body = { decision: { decided: "undone", decision: id }, reason };
    during(element("stays-decide"), async () => {
      await post(`${path}/stay-decisions`, body);
      say("Taken back.");
      await look();
    });
  };
  element("stays-find").addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    const { record, ...rest } = fields(event.target);
    const person = personOf(rest);
    const asked = person.document || (person.family_name && person.born);
    wanted = { person: asked ? person : null, record: record || null };
    during(event.target, look);
  });
  const change = element("stays-change");
  const asks = () => {
    asksFor(change, change.elements.what.value);
    element("change-until").required = change.elements.what.value === "extension";
  };
  change?.elements.what.addEventListener("change", asks);
  if (change) asks();
  change?.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    const { what, from, ...rest } = fields(change);
    if (!confirm("Note this change? It counts for every stay under this document.")) return;
    during(change, async () => {
      await post(`${path}/stay-changes`, { documents: [documentOf(rest)], change: CHANGES[what](rest), at: from });
      say("Noted.");
      if (wanted) await look();
    });
  });
  element("stays-decide")?.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    const { decided: kind, reason } = fields(event.target);
    const chosen = [...document.querySelectorAll("input[data-chosen]:checked")].map((box) => box.value);
    const made = decided(kind, [...new Set(chosen)]);
    if (typeof made === "string") return problem(made);
    if (!confirm("Keep this decision, under your name?")) return;
    during(event.target, async () => {
      await post(`${path}/stay-decisions`, { decision: made, reason });
      say("Decided.");
      await look();
    });
  });
}
