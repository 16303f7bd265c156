// What the pages behind the sign-in share: asking the service, saying what happened, local times.

/** The service said no: `message` is for people to read, `reason` is the problem's name. */
export class Problem extends Error {
  constructor(status, problem) {
    super(problem.detail ?? `The service answered ${status}.`);
    this.status = status;
    this.reason = String(problem.type ?? "").split(/[:/]/).pop();
  }
}

/** Where somebody is now, as an address: on the console with the card that is on top. */
export function place() {
  const query = new URLSearchParams(location.search);
  const point = document.getElementById("board")?.dataset.point;
  const encounter = document.querySelector("#board article.card")?.dataset.encounter;
  if (point) query.set("point", point);
  if (encounter) query.set("encounter", encounter);
  return location.pathname + (query.size ? `?${query}` : "");
}

/** The session is locked: the password brings back what was on the screen. */
export function toLock() {
  location.assign(`/lock?${new URLSearchParams({ next: place() })}`);
}

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(15_000), ...options });
  } catch {
    throw new Problem(0, { type: "lost", detail: "No connection to the service. Nothing was recorded that you do not see here." });
  }
  if (answer.status === 423) toLock();
  if (!answer.ok) throw new Problem(answer.status, await answer.json().catch(() => ({})));
  return answer;
}

/** The document at `path`, for its regions to be taken from. A page that sends elsewhere is a sign-in. */
export async function getDocument(path) {
  const answer = await ask(path);
  if (answer.redirected && new URL(answer.url).pathname === "/lock") toLock();
  if (answer.redirected && new URL(answer.url).pathname === "/sign-in") throw new Problem(401, { type: "unauthenticated" });
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

/** What the service holds at `path`. */
export async function get(path) {
  return (await ask(path)).json();
}

/** Posts JSON; resolves to what came back, or undefined. */
export async function post(path, value) {
  const headers = { "Content-Type": "application/json" };
  const answer = await ask(path, { method: "POST", headers, body: JSON.stringify(value) });
  const text = await answer.text();
  return text && answer.headers.get("Content-Type")?.includes("json") ? JSON.parse(text) : undefined;
}

/** Posts a form's fields and files as they are; resolves to the JSON that came back. */
export async function upload(path, form) {
  return (await ask(path, { method: "POST", body: new FormData(form), signal: AbortSignal.timeout(60_000) })).json();
}

let saidTimer;

/** Says in a line, seen and heard, what happened. */
export function say(text, bad = false) {
  const line = document.getElementById("said");
  line.textContent = text;
  line.classList.toggle("bad", bad);
  clearTimeout(saidTimer);
  saidTimer = setTimeout(() => (line.textContent = ""), bad ? 12_000 : 5000);
}

const FORMS = {
  time: { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false },
  "day-time": { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false },
};

/** Puts instants into the reader's time; the whole, in UTC, stays as the title. */
export function localTimes(root) {
  for (const time of root.querySelectorAll("time[data-local]")) {
    const at = new Date(time.dateTime);
    time.textContent = at.toLocaleString("en-GB", FORMS[time.dataset.local]);
    time.title = at.toISOString();
  }
}

/** Seconds as `m:ss`, from an hour on `h:mm:ss`. */
export function minutes(seconds) {
  const two = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** A datetime-local field's value as an instant. */
export function instant(value) {
  return value ? new Date(value).toISOString() : null;
}

/** An instant as a datetime-local field takes it, to the minute. */
export function localField(date) {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
