// The second officer's page: asks for pairs while the officer is ready, shows one for its seconds, takes the answer.
// Nothing of a pair outlives it here.

import { post, say } from "./people.js";

const ASK_MS = 1000;
const SURPRISE_MS = 700;
const SHORT_S = 8;
const KEYS_OFF = "portunus-keys-off";
const PATH = "/api/officer/v1/second-looks";
const TITLE = document.title;

const element = (id) => document.getElementById(id);
const buttons = [...document.querySelectorAll("[data-verdict]")];

let pair; // { id, until: in this clock's ms, steadyAt, shown }
let asking;

/** Shows one of the three parts, and takes the reader there. */
function show(part, focus) {
  for (const id of ["rest", "waiting", "pair"]) element(id).hidden = id !== part;
  document.title = part === "pair" ? `● ${TITLE}` : TITLE;
  element(focus).focus();
}

function rest(why) {
  clearTimeout(asking);
  show("rest", "ready");
  element("rest-why").textContent = why;
}

function wait(why = "") {
  show("waiting", "waiting-title");
  element("waiting-why").textContent = why;
  ask();
}

async function ask() {
  clearTimeout(asking);
  let given;
  try {
    given = await post(PATH, {});
    element("lost").hidden = true;
  } catch (error) {
    if (error.status === 401) return location.assign("/sign-in?next=/second-look");
    element("lost").hidden = false;
  }
  if (element("waiting").hidden) {
    // Paused while the answer was under way: the pair lapses.
    return;
  }
  if (given) return begin(given);
  asking = setTimeout(ask, ASK_MS);
}

async function begin(given) {
  const skew = Date.parse(given.now) - Date.now();
  const mine = { id: given.id, until: Date.parse(given.until) - skew, shown: false };
  pair = mine;
  for (const button of buttons) button.disabled = true;
  tick();
  show("pair", "question");
  const photos = await Promise.all(["taken", "reference"].map((side) => load(`/second-look/${given.id}/${side}`)));
  if (pair !== mine) return;
  // Both at once: what comes first is not looked at longer.
  for (const [n, side] of ["taken", "reference"].entries()) element(side).replaceChildren(photos[n] ?? "This photo is not available");
  mine.shown = true;
  mine.steadyAt = performance.now() + SURPRISE_MS;
  for (const button of buttons) button.disabled = false;
}

async function load(path) {
  const image = new Image();
  image.alt = path.endsWith("taken") ? "The photo taken now" : "The reference portrait";
  image.src = path;
  try {
    await image.decode();
    return image;
  } catch {
    return undefined;
  }
}

/** Lets go of the photos. */
function end() {
  pair = undefined;
  for (const side of ["taken", "reference"]) {
    element(side).querySelector("img")?.removeAttribute("src");
    element(side).replaceChildren();
  }
}

async function answer(verdict) {
  if (!pair?.shown) return;
  // A key that was meant for what stood there before is no answer.
  if (performance.now() < pair.steadyAt) return;
  const { id } = pair;
  end();
  try {
    await post(`${PATH}/${id}`, { verdict });
    wait("Counted. Thank you.");
  } catch (error) {
    if (error.status === 401) return location.assign("/sign-in?next=/second-look");
    say(error.message, true);
    wait();
  }
}

function tick() {
  if (!pair) return;
  const left = Math.ceil((pair.until - Date.now()) / 1000);
  element("left").textContent = `${Math.max(left, 0)} s left`;
  element("left").parentElement.classList.toggle("short", left <= SHORT_S);
  if (left > 0) return;
  end();
  rest("The photos are gone before you answered. Whenever you are ready again:");
}

setInterval(tick, 250);
element("ready").addEventListener("click", () => wait());
element("pause").addEventListener("click", () => rest("Paused."));
for (const button of buttons) button.addEventListener("click", () => answer(button.dataset.verdict));

const byKey = new Map();
for (const button of buttons) for (const key of button.getAttribute("aria-keyshortcuts").split(" ")) byKey.set(key.toLowerCase(), button.dataset.verdict);
const on = element("keys-on");
on.checked = localStorage.getItem(KEYS_OFF) === null;
on.addEventListener("change", () => (on.checked ? localStorage.removeItem(KEYS_OFF) : localStorage.setItem(KEYS_OFF, "1")));
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  const onControl = event.target.closest?.("button, a, input");
  if (event.key === "Escape" && !element("waiting").hidden) rest("Paused.");
  else if (event.key === "Enter" && !element("rest").hidden && !onControl) wait();
  else if (on.checked && pair && byKey.has(event.key.toLowerCase())) answer(byKey.get(event.key.toLowerCase()));
  else return;
  event.preventDefault();
});
addEventListener("pagehide", end);
element("ready").focus();
