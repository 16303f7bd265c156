// Lookouts: written, imported, approved by another, withdrawn; travellers who are not meant.

import { asksFor, fields, sending } from "./forms.js";
import { localTimes, post, say } from "./people.js";

localTimes(document);

const faults = document.getElementById("faults");

async function importList(form) {
  const [file] = form.elements.file.files;
  const answer = await fetch(form.dataset.post, { method: "POST", body: file, headers: { "Content-Type": "text/csv" } });
  const said = await answer.json();
  if (answer.ok) {
    say(`${said.written} new, ${said.replaced} replaced, ${said.unchanged} unchanged.`);
    return setTimeout(() => location.reload(), 2000);
  }
  faults.replaceChildren(
    ...(said.faults ?? []).map(({ line, field, expected }) => {
      const item = document.createElement("li");
      item.textContent = `line ${line}, ${field}: expected ${expected}`;
      return item;
    }),
  );
  throw new Error(said.faults ? "Nothing was kept. What is wrong:" : said.detail);
}

sending(async (form) => {
  faults.replaceChildren();
  if (form.dataset.then === "import") return importList(form);
  const stated = Object.entries(fields(form)).filter(([, text]) => text !== "");
  await post(form.dataset.post, Object.fromEntries(stated));
  location.reload();
});

const kind = document.getElementById("lookout-on");
if (kind) {
  kind.addEventListener("change", () => asksFor(document, kind.value));
  asksFor(document, kind.value);
}
