// The records office: cases opened, records found and named, approved, given, put right.

import { fields } from "./forms.js";
import { localTimes, post, say } from "./people.js";
import { redress } from "./redress.js";
import { stays } from "./stays.js";

const element = (id) => document.getElementById(id);
const main = element("main");
const API = "/api/records/v1/cases";
const underWay = new Set();
localTimes(document);

function documentOf({ issuer, document_kind: kind, number }) {
  return issuer && number ? { issuer, kind, number } : null;
}

/** Who is asked for, of the fields that every finder has. */
function personOf({ family_name, given_names, born, ...rest }) {
  return { document: documentOf(rest), family_name, given_names, born: born || null };
}

/** What a form sends, by its `data-then`. */
const BODY = {
  corrected: ({ class: truth }) => (truth ? { correction: "class", class: truth } : { correction: "not-this-person" }),
  answered: ({ class: truth, answer }) => ({ answer, upheld: truth === "no" ? null : BODY.corrected({ class: truth }) }),
  change: ({ class: truth, from, ...rest }) => ({ document: documentOf(rest), class: truth, from }),
  way: ({ mode, port, from, until, reason }) => ({ mode, port, recorded: from ? { from, until } : null, reason }),
  file: () => ({}),
};

function problem(text) {
  const line = element("problem");
  line.textContent = text;
  line.hidden = !text;
  if (text) line.scrollIntoView({ block: "nearest" });
}

/** Offers what was given as a file; it is nowhere else. */
function save(given) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(given, null, 2)], { type: "application/json" }));
  link.download = `case-${given.case}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function send(form) {
  const { then } = form.dataset;
  const value = fields(form);
  const answer = await post(form.dataset.post, (BODY[then] ?? ((all) => all))(value));
  if (then === "case") return location.assign(`/records/${answer.id}`);
  if (then === "file") {
    save(answer);
    say(`${answer.records.length} records given.`);
    return setTimeout(() => location.reload(), 1500);
  }
  if (then === "corrected" || then === "answered") {
    say(`${answer.erased} erased, ${answer.redated} with another date, ${answer.held} held.`);
    return setTimeout(() => location.reload(), 2500);
  }
  if (then === "redressed") {
    say(`${answer.erased} erased, ${answer.anew.length} written anew, ${answer.redated} with another date, ${answer.apart} set apart, ${answer.held} held.`);
    return setTimeout(() => location.reload(), 2500);
  }
  location.reload();
}

function cell(row, text) {
  row.insertCell().textContent = text;
}

function time(row, at) {
  const when = document.createElement("time");
  when.dateTime = at;
  when.dataset.local = "day-time";
  row.insertCell().append(when);
}

function showFound(records) {
  const rows = element("found-rows");
  rows.replaceChildren();
  for (const record of records) {
    const row = rows.insertRow();
    const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: true, value: record.record });
    box.setAttribute("aria-label", `Name this: ${record.data}, ${record.class}`);
    row.insertCell().append(box);
    cell(row, record.data);
    cell(row, record.class);
    time(row, record.since);
    time(row, record.until);
  }
  localTimes(rows);
  element("found").hidden = records.length === 0;
  element("found-none").hidden = records.length > 0;
}

/** Runs what a form asks for, once at a time; its button stays on, for one that is off loses the focus. */
async function during(form, work) {
  if (underWay.has(form)) return;
  underWay.add(form);
  problem("");
  try {
    await work();
  } catch (error) {
    problem(error.message);
  } finally {
    underWay.delete(form);
  }
}

const shared = { during, problem, documentOf, personOf };
if (element("stays-find")) stays(`${API}/${main.dataset.case}`, shared);
redress(`${API}/${main.dataset.case}`, shared);

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form");
  const path = `${API}/${main.dataset.case}`;
  if (form.id === "find") {
    event.preventDefault();
    const wanted = personOf(fields(form));
    during(form, async () => showFound(await post(`${path}/find`, wanted)));
  } else if (form.id === "found") {
    event.preventDefault();
    const records = [...form.querySelectorAll("input:checked")].map((box) => box.value);
    during(form, async () => {
      await post(`${path}/records`, { records });
      location.reload();
    });
  } else if (form.dataset.post) {
    event.preventDefault();
    if (!form.dataset.ask || confirm(form.dataset.ask)) during(form, () => send(form));
  }
});
