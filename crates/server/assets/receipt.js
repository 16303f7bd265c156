// A traveller's receipt: opens the code of the address, and checks in this browser what the public log says. The page works
// without this module, but for that check.

import { Broken, Log } from "./proof.js";

const element = (id) => document.getElementById(id);
const language = document.documentElement.lang;
const all = await (await fetch("/assets/receipt.json")).json();
const texts = all[language] ?? all.en;

const text = (key, values = {}) =>
  Object.entries(values).reduce((words, [name, value]) => words.replace(`{${name}}`, () => `\u2068${value}\u2069`), texts[key]);

/** An instant as the traveller reads it. */
const day = (at) => new Date(at).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });

/** The code of the address goes into the form, and out of the address. */
function openFromAddress() {
  const code = location.hash.slice(1);
  if (!code) return;
  history.replaceState(null, "", location.pathname + location.search);
  const form = element("open");
  if (!form || !/^[0-9a-fA-F]{32}$/.test(code)) return;
  element("code").value = code;
  form.submit();
}

const STATED = {
  sealed: (leaf) => text("p_stated", { leaf: leaf.place, due: day(leaf.due) }),
  redated: (leaf) => text("p_redated", { leaf: leaf.place, due: day(leaf.due) }),
  held: (leaf) => text("p_held", { leaf: leaf.place }),
  released: (leaf) => text("p_released", { leaf: leaf.place }),
  erased: (leaf) => text("p_erased", { leaf: leaf.place, at: day(leaf.at) }),
};

function line(list, words, state) {
  const item = document.createElement("li");
  item.textContent = words;
  item.dataset.state = state;
  list.append(item);
}

/**
 * Checks what the log says of a section's records, and writes it beside each. `ledger` says which log: its key, its witnesses,
 * and from which place on. `saved` is an earlier checkpoint.
 */
async function prove(section, { key, witnesses, from }, saved) {
  const head = section.querySelector(".proof-head");
  const say = (words, state) => {
    head.textContent = words;
    section.dataset.proof = state;
  };
  say(text("p_checking"), "checking");
  const records = [...section.querySelectorAll("[data-record]")];
  try {
    const log = new Log("/ledger", key);
    const now = await log.head();
    if (saved) {
      const before = await log.open(saved);
      await log.follows(before, now);
      if (from > before.size) throw new Broken("the receipt begins where the log had not come to");
    }
    const names = records.map((record) => record.dataset.record);
    const progress = (read, of) => of - from > 4096 && say(`${text("p_checking")} ${read}/${of}`, "checking");
    const leaves = names.length > 0 ? await log.trace(now, names, from, progress) : [];
    for (const record of records) {
      const list = record.querySelector(".proof-leaves");
      const of = leaves.filter((leaf) => leaf.record === record.dataset.record);
      list.replaceChildren();
      for (const leaf of of) line(list, STATED[leaf.kind]?.(leaf) ?? leaf.kind, leaf.kind);
      if (of.length === 0) line(list, text("p_waiting"), "waiting");
    }
    const said = [text(now.signed ? "p_good" : "p_unsigned", { size: now.size, origin: now.origin })];
    const signers = await log.witnessed(now, witnesses);
    if (signers.length > 0) said.push(text("p_witness", { names: signers.join(", ") }));
    if (saved) said.push(text("p_seen"));
    say(said.join(" "), now.signed ? "good" : "unsigned");
  } catch (error) {
    say(error instanceof Broken ? text("p_bad", { why: error.message }) : text("p_lost"), error instanceof Broken ? "bad" : "lost");
  }
}

/** A saved receipt, checked from the file and the public log alone. */
async function checkSaved(file) {
  const section = element("saved-proof");
  const head = Object.assign(document.createElement("p"), { className: "proof-head" });
  section.replaceChildren(head);
  let receipt;
  try {
    receipt = JSON.parse(await file.text());
    if (receipt.portunus_receipt !== 1 || !Array.isArray(receipt.records)) throw new Error("other");
  } catch {
    section.dataset.proof = "bad";
    head.textContent = text("p_bad", { why: file.name });
    return;
  }
  const list = Object.assign(document.createElement("ul"), { className: "records" });
  for (const { record, data } of receipt.records) {
    const item = document.createElement("li");
    item.dataset.record = record;
    const title = Object.assign(document.createElement("h3"), { textContent: texts[`data_${data}`] ?? texts.data_other });
    const name = Object.assign(document.createElement("p"), { className: "number", textContent: record });
    item.append(title, name, Object.assign(document.createElement("ul"), { className: "proof-leaves" }));
    list.append(item);
  }
  section.append(list);
  const { key, witnesses = [], from } = receipt.ledger ?? {};
  await prove(section, { key: String(key), witnesses, from }, receipt.checkpoint || undefined);
}

openFromAddress();
addEventListener("hashchange", openFromAddress);
element("print")?.addEventListener("click", () => print());
const saved = element("saved");
saved?.addEventListener("change", () => saved.files[0] && checkSaved(saved.files[0]));
if (saved) saved.disabled = false;
const proof = element("proof");
if (proof) {
  const { key, witnesses, from } = proof.dataset;
  await prove(proof, { key, witnesses: witnesses.split(" ").filter(Boolean), from: Number(from) });
}
