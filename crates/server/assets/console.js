// The officer's console: the board live, one-key rulings, the search, boardings after an outage.

import { Board } from "./board.js";
import { finder } from "./find.js";
import { asked, noLastDay } from "./forms.js";
import { instant, localField, localTimes, post, say } from "./people.js";
import { Rulings } from "./rulings.js";

const LOST_AFTER_MS = 2000;
const KEYS_OFF = "portunus-keys-off";

const element = (id) => document.getElementById(id);

localTimes(document);
element("point")?.addEventListener("change", (event) => event.target.form.requestSubmit());
if (element("board")) start();

function start() {
  const board = new Board();
  const search = searching(board);
  const rulings = new Rulings(board, search.open);
  const connection = connected();
  board.addEventListener("connection", (event) => connection.fetched(event.detail));
  listen(board, connection);
  outage(board);
  registering(board);
  forgetting(board);
  keys(board, rulings, search);
  element("board").addEventListener("click", (event) => {
    const encounter = event.target.closest("[data-select]")?.dataset.select;
    if (!encounter) return;
    if (encounter === board.card?.dataset.encounter) rulings.rule("take");
    else board.select(encounter);
  });
}

/** The banner: shown when the events or the board are away for more than a moment. */
function connected() {
  let streaming = true;
  let fetching = true;
  let timer;
  const show = () => {
    clearTimeout(timer);
    if (streaming && fetching) element("lost").hidden = true;
    else timer = setTimeout(() => (element("lost").hidden = false), LOST_AFTER_MS);
  };
  return {
    streamed(there) {
      streaming = there;
      show();
    },
    fetched(detail) {
      element("signed-out").hidden = detail !== "signed-out";
      fetching = detail !== "lost";
      show();
    },
  };
}

/** Follows the service's events; after each time away the whole board is asked for again. */
function listen(board, connection) {
  const events = new EventSource(`/console/events?${new URLSearchParams({ point: board.point })}`);
  events.addEventListener("changed", () => board.changed());
  events.addEventListener("open", () => {
    connection.streamed(true);
    board.changed();
  });
  events.addEventListener("error", () => {
    connection.streamed(false);
    board.changed();
    if (events.readyState === EventSource.CLOSED) setTimeout(() => listen(board, connection), 3000);
  });
}

/** The search panel. What is picked comes onto the card. */
function searching(board) {
  const panel = element("find");
  const pick = (passenger) => {
    close();
    if (!board.card) return say("Nobody is selected.", true);
    board.pick(passenger.id).then(() => say(`On the card: ${passenger.name}. Press B to board.`));
  };
  const told = (text) => (element("found-count").textContent = text);
  const list = finder(element("query"), element("found"), () => board.voyage, pick, told);
  function close() {
    panel.hidden = true;
    list.clear();
    // Not onto a button: Enter is to take up the traveller, not to search again.
    element("main").focus();
  }
  panel.querySelector("[data-find-close]").addEventListener("click", close);
  panel.addEventListener("keydown", (event) => event.key === "Escape" && close());
  return {
    open() {
      panel.hidden = false;
      element("query").focus();
    },
  };
}

/** Boardings made by document while the system was away, entered one after the other. */
function outage(board) {
  let chosen;
  let endless = noLastDay();
  const choose = (passenger) => {
    chosen = passenger;
    element("outage-chosen").textContent = passenger ? `Chosen: ${passenger.name}` : "";
    list.clear();
    if (passenger) element("outage-at").focus();
  };
  const list = finder(element("outage-query"), element("outage-found"), () => board.voyage, choose);
  const enter = async () => {
    if (!chosen) throw new Error("Choose the passenger first.");
    const entered = { passenger: chosen.id, boarded_at: instant(element("outage-at").value), reason: element("outage-reason").value.trim() };
    const [admittedAs, until] = ["outage-class", "outage-until"].map((id) => element(id)?.value.trim());
    if (admittedAs !== undefined) {
      endless(admittedAs, until);
      entered.admitted = { class: admittedAs, ...(until && { until }) };
    }
    await post(`/api/officer/v1/voyages/${board.voyage}/outage-boardings`, entered);
    element("outage-chosen").textContent = `Entered: ${chosen.name}`;
    // The next one's last day is their own.
    endless = noLastDay();
    if (element("outage-until")) element("outage-until").value = "";
    chosen = undefined;
    board.changed();
    element("outage-query").focus();
    return "more";
  };
  opened("outage", () => {
    choose(undefined);
    element("outage-at").value = localField(new Date());
    asked("outage", enter);
    element("outage-query").focus();
  });
  // Enter in the search picks; it does not submit.
  element("outage-query").addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
}

/** The document that a dialog asks for; none where its number is empty. */
function documentIn(id) {
  const [issuer, kind, number] = ["issuer", "kind", "number"].map((name) => element(`${id}-${name}`).value.trim());
  return number ? { issuer, kind, number } : undefined;
}

/** Somebody whose document no machine reads is entered by hand, and comes onto the card. */
function registering(board) {
  const value = (id) => element(`register-${id}`).value.trim();
  const enter = async () => {
    const document = documentIn("register");
    const person = {
      family_name: value("family"),
      given_names: value("given"),
      born: value("born") || null,
      nationality: value("nationality") || null,
      documents: document ? [document] : [],
    };
    const { id } = await post(`/api/officer/v1/watches/${board.voyage}/people`, person);
    await board.pick(id);
    say(`On the card: ${person.family_name}.`);
  };
  opened("register", () => {
    element("register").querySelector("form").reset();
    asked("register", enter);
    if (!board.card) element("register-problem").textContent = "Nobody is selected: whoever comes makes their choice at the gate first.";
    element("register-family").focus();
  });
}

/** Who asked to be known here without a document takes it back. */
function forgetting(board) {
  const forget = async () => {
    const { consents } = await post("/api/officer/v1/consents/withdraw", { point: board.point, document: documentIn("forget") });
    if (consents === 0) throw new Error("Nobody is known here by this document.");
    say("Erased: they show their document again from now on.");
  };
  opened("forget", () => {
    element("forget").querySelector("form").reset();
    asked("forget", forget);
    element("forget-issuer").focus();
  });
}

/** What happens when the button of a dialog is pressed, where the page has one. */
function opened(id, open) {
  document.querySelector(`[data-open=${id}]`)?.addEventListener("click", open);
}

function keys(board, rulings, search) {
  const on = element("keys-on");
  on.checked = localStorage.getItem(KEYS_OFF) === null;
  on.addEventListener("change", () => (on.checked ? localStorage.removeItem(KEYS_OFF) : localStorage.setItem(KEYS_OFF, "1")));
  const help = () => element("help").showModal();
  opened("help", help);
  // Not onto a button of a dialog that is gone: the next key is a ruling's.
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("close", () => dialog.contains(document.activeElement) && element("main").focus());
  }
  const byKey = new Map();
  for (const button of document.querySelectorAll("[data-rule]")) byKey.set(button.getAttribute("aria-keyshortcuts").toLowerCase(), button.dataset.rule);
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, dialog");
    if (typing || event.ctrlKey || event.altKey || event.metaKey || event.repeat || !on.checked) return;
    const key = event.key.toLowerCase();
    const onControl = event.target.closest?.("button, a, summary");
    if (key === "j" || key === "arrowdown") board.move(1);
    else if (key === "k" || key === "arrowup") board.move(-1);
    else if (key === "?") help();
    else if (key === "/") search.open();
    else if (key === "enter" && onControl) return;
    else if (byKey.has(key)) rulings.rule(byKey.get(key));
    else return;
    event.preventDefault();
  });
}
