// Forms of the pages behind the sign-in: how they are read, sent once at a time, and how what is wrong is said beside them.

import { instant } from "./people.js";

const element = (id) => document.getElementById(id);

const READ = {
  lines: (text) => text.split("\n").map((line) => line.trim()).filter(Boolean),
  instant,
  optional: (text) => text.trim() || null,
  password: (text) => text,
};

/** A form's fields as the service takes them; `data-as` says how a field is read, else its type, else it is a text. */
export function fields(form) {
  const value = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled) continue;
    value[field.name] = (READ[field.dataset.as] ?? READ[field.type] ?? ((text) => text.trim()))(field.value);
  }
  return value;
}

/** Only what a choice needs is asked for: `data-of` says which choices a part or a field is of. */
export function asksFor(root, choice) {
  for (const part of root.querySelectorAll("[data-of]")) {
    part.hidden = !part.dataset.of.split(" ").includes(choice);
    for (const field of [part, ...part.querySelectorAll("input, select")]) field.disabled = part.hidden;
  }
}

/** The page's line for what is wrong in a form, and the field that it names (`born: expected …`); an empty text takes it away. */
function problem(form, text) {
  const line = element("problem");
  line.textContent = text;
  line.hidden = !text;
  for (const field of form.querySelectorAll("[aria-invalid]")) {
    for (const name of ["aria-invalid", "aria-errormessage"]) field.removeAttribute(name);
  }
  if (!text) return;
  const named = form.elements.namedItem(/^(?:line 1, )?([a-z_]+): /.exec(text)?.[1] ?? "");
  if (named instanceof HTMLElement) {
    named.setAttribute("aria-invalid", "true");
    named.setAttribute("aria-errormessage", line.id);
    line.textContent = `${named.labels?.[0]?.textContent ?? named.name}: ${text.slice(text.indexOf(": ") + 2)}`;
    named.focus();
  } else line.scrollIntoView({ block: "nearest" });
}

/** Has `send(form)` send every form with `data-post`, after a question where it has `data-ask`. */
export function sending(send) {
  // Once at a time; the button stays on, for one that is off loses the focus of whoever works by keyboard.
  const underWay = new Set();
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-post]");
    if (!form) return;
    event.preventDefault();
    if (form.dataset.ask && !confirm(form.dataset.ask)) return;
    if (underWay.has(form)) return;
    underWay.add(form);
    problem(form, "");
    try {
      await send(form);
    } catch (error) {
      problem(form, error.message);
    } finally {
      underWay.delete(form);
    }
  });
}

/**
 * Opens a dialog, and sends what it asks for when it is confirmed; what is wrong is said in it. Resolves to whether something
 * was sent. While `send` gives "more" it stays open.
 */
export function asked(id, send) {
  const dialog = element(id);
  const wrong = element(`${id}-problem`);
  const done = new AbortController();
  const { signal } = done;
  let busy = false;
  wrong.textContent = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    const end = (sent) => {
      done.abort();
      resolve(sent);
    };
    const confirmed = async (event) => {
      if (event.submitter?.value !== "ok") return;
      event.preventDefault();
      if (busy) return;
      busy = true;
      wrong.textContent = "";
      try {
        if ((await send()) === "more") return;
        end(true);
        dialog.close();
      } catch (error) {
        wrong.textContent = error.message;
      } finally {
        busy = false;
      }
    };
    dialog.addEventListener("close", () => end(false), { signal });
    dialog.querySelector("form").addEventListener("submit", confirmed, { signal });
  });
}

/** Classes whose people may stay. */
const STAY = ["CITIZEN", "RESIDENT", "RE"];

/**
 * Asks once more before anybody is admitted without a last day: `check(class, until)` throws what is to be read the first time
 * that a class is sent so, and not when it is sent again.
 */
export function noLastDay() {
  let asked;
  return (className, until) => {
    const of = className.trim().toUpperCase();
    if (until || !of || STAY.includes(of) || of === asked) return;
    asked = of;
    throw new Error(`No last day for ${of}? Enter it, or admit once more if they may stay without one.`);
  };
}
