// Administration: forms post JSON; an enrolment link is shown once.

import { instant, localTimes, post, say, upload } from "./people.js";

const element = (id) => document.getElementById(id);
localTimes(document);

const READ = {
  lines: (text) => text.split("\n").map((line) => line.trim()).filter(Boolean),
  instant,
  optional: (text) => text.trim() || null,
};

/** A form's fields as the service takes them; `data-as` says how a field is read. */
function fields(form) {
  const value = {};
  for (const field of form.elements) {
    if (field.name) value[field.name] = (READ[field.dataset.as] ?? ((text) => text))(field.value);
  }
  return value;
}

function problem(text) {
  const line = element("problem");
  line.textContent = text;
  line.hidden = !text;
  if (text) line.scrollIntoView({ block: "nearest" });
}

function showLink(link) {
  element("link-text").value = element("link-open").href = new URL(link, location.origin).href;
  element("link-said").textContent = "";
  element("link").showModal();
  element("link-text").select();
}

const OUTCOMES = {
  added: "The portrait was added.",
  unchanged: "This portrait was there already.",
  replaced: "The portrait took the place of an older one.",
};

async function send(form) {
  if (form.dataset.upload) {
    const { outcome, reason } = await upload(form.dataset.upload, form);
    if (!(outcome in OUTCOMES)) return problem(`The portrait was not taken: ${reason}`);
    form.reset();
    return say(OUTCOMES[outcome]);
  }
  const answer = await post(form.dataset.post, fields(form));
  if (form.dataset.then === "link") showLink(answer.link);
  else location.reload();
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-post], form[data-upload]");
  if (!form) return;
  event.preventDefault();
  if (form.dataset.ask && !confirm(form.dataset.ask)) return;
  const button = form.querySelector("button[type=submit]");
  button.disabled = true;
  problem("");
  try {
    await send(form);
  } catch (error) {
    problem(error.message);
  } finally {
    button.disabled = false;
  }
});

element("link-copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(element("link-text").value);
    element("link-said").textContent = "Copied.";
  } catch {
    element("link-text").select();
    element("link-said").textContent = "Press Ctrl+C to copy.";
  }
});

// Once closed the link is nowhere any more; the new device appears when the page is loaded again.
element("link").addEventListener("close", () => {
  element("link-text").value = "";
  element("link-open").removeAttribute("href");
  say("The link is not shown again. Reload to see the device once it is enrolled.");
});
