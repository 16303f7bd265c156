// The live board: asks for it anew when something changed, and swaps only the regions that did, so that
// focus, selection and typing stay where they are.

import { getDocument, localTimes, minutes } from "./people.js";

const BETWEEN_FETCHES_MS = 250;
const POLL_MS = 15_000;
const SURPRISE_MS = 800;

export class Board extends EventTarget {
  #root = document.getElementById("board");
  #shown = new Map();
  #skewMs = 0;
  // Whoever comes back from the lock finds the card that was on top.
  #selected = new URLSearchParams(location.search).get("encounter") ?? undefined;
  #picked;
  #timer;
  #fetching = false;
  #again = false;
  #steadyAt = 0;

  constructor() {
    super();
    for (const region of this.#root.querySelectorAll("[data-region]")) {
      this.#shown.set(region.dataset.region, canonical(region));
    }
    this.#adopt();
    setInterval(() => this.#tick(), 1000);
    setInterval(() => this.changed(), POLL_MS);
    document.addEventListener("error", (event) => missing(event.target), true);
    // What failed before this module ran.
    for (const image of this.#root.querySelectorAll("img")) if (image.complete && !image.naturalWidth) missing(image);
  }

  get point() {
    return this.#root.dataset.point;
  }
  get voyage() {
    return this.#root.dataset.voyage;
  }
  /** The card on top, if there is one. */
  get card() {
    return this.#root.querySelector("article.card");
  }
  /** Whether the card has been on top long enough to be what the officer means. */
  get steady() {
    return performance.now() >= this.#steadyAt;
  }

  /** Something changed: asks again soon, at most four times a second. */
  changed() {
    if (this.#fetching) this.#again = true;
    else this.#timer ??= setTimeout(() => this.refresh(), BETWEEN_FETCHES_MS);
  }

  /** Selects an encounter; none selects the longest waiting. */
  select(encounter) {
    this.#selected = encounter;
    this.#picked = undefined;
    return this.refresh();
  }

  /** Puts a passenger of the manifest on the card, for the officer to compare and board. */
  pick(passenger) {
    this.#selected = this.card?.dataset.encounter;
    this.#picked = passenger;
    return this.refresh();
  }

  /** Selects the next (1) or the previous (-1) of the queue. */
  move(step) {
    const entries = [...this.#root.querySelectorAll("#queue [data-select]")];
    const here = entries.findIndex((entry) => entry.dataset.select === this.card?.dataset.encounter);
    const next = entries[here < 0 ? 0 : Math.min(Math.max(here + step, 0), entries.length - 1)];
    next?.focus();
    return next ? this.select(next.dataset.select) : Promise.resolve();
  }

  async refresh() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#fetching) {
      this.#again = true;
      return;
    }
    this.#fetching = true;
    const asked = { selected: this.#selected, picked: this.#picked };
    try {
      const query = new URLSearchParams({ point: this.point });
      if (asked.selected) query.set("encounter", asked.selected);
      if (asked.picked) query.set("passenger", asked.picked);
      const fresh = (await getDocument(`/console/board?${query}`)).getElementById("board");
      if (!fresh) throw new Error("the answer has no board");
      // What was asked before a newer selection is old already.
      if (asked.selected === this.#selected && asked.picked === this.#picked) this.#swap(fresh);
      this.dispatchEvent(new CustomEvent("connection", { detail: "there" }));
    } catch (error) {
      this.dispatchEvent(new CustomEvent("connection", { detail: error.status === 401 ? "signed-out" : "lost" }));
    } finally {
      this.#fetching = false;
      const again = this.#again || asked.selected !== this.#selected || asked.picked !== this.#picked;
      this.#again = false;
      if (again) this.changed();
    }
  }

  #swap(fresh) {
    const before = this.card?.dataset.encounter;
    for (const name of ["now", "voyage", "point"]) {
      if (fresh.dataset[name] === undefined) delete this.#root.dataset[name];
      else this.#root.dataset[name] = fresh.dataset[name];
    }
    for (const region of fresh.querySelectorAll("[data-region]")) {
      const name = region.dataset.region;
      const html = canonical(region);
      if (this.#shown.get(name) === html) continue;
      this.#shown.set(name, html);
      replaceContent(this.#root.querySelector(`[data-region=${name}]`), region);
    }
    this.#adopt();
    const after = this.card?.dataset.encounter;
    if (before && after !== before && after !== this.#selected) this.#steadyAt = performance.now() + SURPRISE_MS;
    if (this.#selected && after !== this.#selected) this.#selected = this.#picked = undefined;
    this.dispatchEvent(new Event("swapped"));
  }

  #adopt() {
    this.#skewMs = Date.parse(this.#root.dataset.now) - Date.now();
    localTimes(this.#root);
    this.#tick();
  }

  #tick() {
    const now = Date.now() + this.#skewMs;
    for (const time of this.#root.querySelectorAll("time[data-since]")) {
      time.textContent = minutes(Math.max(0, Math.floor((now - Date.parse(time.dateTime)) / 1000)));
    }
    for (const image of this.#root.querySelectorAll("img[data-until]")) {
      if (now < Date.parse(image.dataset.until)) continue;
      missing(image);
      this.changed();
    }
    for (const time of this.#root.querySelectorAll("time[data-left]")) {
      const left = Math.ceil((Date.parse(time.dateTime) - now) / 1000);
      time.textContent = left > 0 ? `${left} s` : "0 s";
    }
  }
}

/** A region as the service sent it, without what only time changes. */
function canonical(region) {
  const copy = region.cloneNode(true);
  for (const time of copy.querySelectorAll("time[data-since]")) time.textContent = "";
  return copy.innerHTML;
}

/** Replaces what is in `region`; pictures that stay are kept, as is the focus. */
function replaceContent(region, fresh) {
  const focused = region.contains(document.activeElement) ? document.activeElement : undefined;
  const again = focused?.dataset.select ? `[data-select="${focused.dataset.select}"]` : focused?.id ? `#${focused.id}` : undefined;
  const scrolled = region.scrollTop;
  const kept = new Map([...region.querySelectorAll("img")].map((image) => [image.getAttribute("src"), image]));
  region.replaceChildren(...document.importNode(fresh, true).childNodes);
  for (const image of region.querySelectorAll("img")) {
    const old = kept.get(image.getAttribute("src"));
    if (old?.complete && old.alt === image.alt && old.dataset.until === image.dataset.until) image.replaceWith(old);
  }
  region.scrollTop = scrolled;
  if (again) region.querySelector(again)?.focus({ preventScroll: true });
}

/** Puts words in the place of a picture that is not there, or is no more. */
function missing(image) {
  if (!(image instanceof HTMLImageElement) || image.dataset.missing === undefined) return;
  const place = document.createElement(image.dataset.missing ? "div" : "span");
  place.className = image.dataset.missing ? "no-photo" : "thumb-empty";
  if (image.dataset.missing) {
    const words = document.createElement("p");
    words.textContent = image.dataset.missing;
    place.append(words);
  }
  image.removeAttribute("src");
  image.replaceWith(place);
}
