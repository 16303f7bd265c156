// The machine-readable zone of a document, judged as it is typed, pasted or scanned: the same verdicts as
// `portunus_documents::mrz`, which reads it again on the server and decides. A browser test holds the two together.

import { texts } from "./i18n.js";

const TEXTS = await texts();

const INPUT_BYTES_MAX = 1024;
/** A cell that is not typed yet. */
const BLANK = "\u00b7";
/** How long after the last key a screen reader is told how it stands. */
const SETTLED_MS = 500;

const WIDTH = { td1: 30, td2: 36, td3: 44, "mrv-a": 44, "mrv-b": 36 };
const isVisa = (format) => format.startsWith("mrv");
const lineCount = (format) => (format === "td1" ? 3 : 2);

const OPTIONAL = { td1: [0, 15, 30], td2: [1, 28, 35], td3: [1, 28, 42], "mrv-a": [1, 28, 44], "mrv-b": [1, 28, 36] };
const CARD = {
  "document-code": [0, 0, 2], issuer: [0, 2, 5], number: [0, 5, 14], optional: OPTIONAL.td1, birth: [1, 0, 6],
  sex: [1, 7, 8], expiry: [1, 8, 14], nationality: [1, 15, 18], "second-optional": [1, 18, 29], name: [2, 0, 30],
};
/** Where each field stands, in the order of printing: line, first cell, the cell after the last; from nought. */
const fieldsOf = (format) =>
  format === "td1" ? CARD : {
    "document-code": [0, 0, 2], issuer: [0, 2, 5], name: [0, 5, WIDTH[format]], number: [1, 0, 9],
    nationality: [1, 10, 13], birth: [1, 13, 19], sex: [1, 20, 21], expiry: [1, 21, 27], optional: OPTIONAL[format],
  };
const COMPOSITE = {
  td1: { spans: [[0, 5, 30], [1, 0, 7], [1, 8, 15], [1, 18, 29]], digit: [1, 29] },
  td2: { spans: [[1, 0, 10], [1, 13, 20], [1, 21, 35]], digit: [1, 35] },
  td3: { spans: [[1, 0, 10], [1, 13, 20], [1, 21, 43]], digit: [1, 43] },
};

/** Where the check digit of a field stands, and undefined where it has none. */
function digitOf(format, field) {
  if (["number", "birth", "expiry"].includes(field)) {
    const [line, , to] = fieldsOf(format)[field];
    return [line, to];
  }
  if (field === "optional" && format === "td3") return [1, 42];
  return field === "composite" ? COMPOSITE[format]?.digit : undefined;
}

const CHECKED = ["number", "birth", "expiry", "optional", "composite"];
const text = (lines, [line, from, to]) => lines[line].slice(from, to);

/** The check digit over some characters (ICAO 9303-3 section 4.9). */
function digitOver(cells) {
  const value = (cell) => (cell === "<" ? 0 : parseInt(cell, 36));
  return String([...cells].reduce((sum, cell, at) => sum + value(cell) * [7, 3, 1][at % 3], 0) % 10);
}

function lengthFault(line, found, width) {
  return { kind: "length", field: null, line: line + 1, column: Math.min(found, width) + 1, found, expected: width };
}
const layoutFault = (expected) => ({ kind: "layout", field: null, line: 1, column: 1, expected });

const part = (line, width) => Array.from({ length: Math.ceil(line.length / width) }, (_, n) => line.slice(n * width, (n + 1) * width));

/** The lines of a text as the reader counts them: no blanks, no empty lines, large letters. */
function linesOf(input) {
  const lines = input.split(/[\r\n]/).map((line) => [...line.replace(/[ \t]/g, "")]).filter((line) => line.length);
  const PARTED = { 72: 36, 88: 44, 90: 30 };
  return lines
    .flatMap((line) => (PARTED[line.length] ? part(line, PARTED[line.length]) : [line]))
    .map((line) => line.map((c) => (/[a-z]/.test(c) ? c.toUpperCase() : c)));
}

/** The format of these lines, or what keeps them from having one. */
function formatOf(lines) {
  let width;
  const [first, second] = lines.map((line) => line.length);
  if (lines.length === 3) width = 30;
  else if (lines.length === 2) width = first === 36 || (first !== 44 && second === 36) ? 36 : 44;
  else if (lines.length === 1 && [30, 36, 44].includes(first)) return { fault: lengthFault(1, 0, first) };
  else return { fault: layoutFault("lines") };
  const off = lines.findIndex((line) => line.length !== width);
  if (off >= 0) return { fault: lengthFault(off, lines[off].length, width) };
  const visa = lines[0][0] === "V";
  if (width === 30) return { format: "td1" };
  return { format: width === 36 ? (visa ? "mrv-b" : "td2") : visa ? "mrv-a" : "td3" };
}

function fieldAt(format, line, cell) {
  const within = ([l, from, to]) => l === line && cell >= from && cell < to;
  const own = Object.entries(fieldsOf(format)).find(([, span]) => within(span))?.[0];
  const isDigit = (field) => String(digitOf(format, field)) === String([line, cell]);
  return own ?? CHECKED.find(isDigit) ?? null;
}

/** A number longer than nine characters goes on in the optional data: where its rest and its check digit stand. */
function longNumber(format, lines) {
  const [digitLine, digitCell] = digitOf(format, "number");
  if (isVisa(format) || lines[digitLine][digitCell] !== "<") return undefined;
  const [line, from] = OPTIONAL[format];
  const end = text(lines, OPTIONAL[format]).indexOf("<");
  const at = from + end - 1;
  const full = !text(lines, fieldsOf(format).number).includes("<") && end >= 2;
  return full && /[0-9]/.test(lines[line][at]) ? { rest: [line, from, at], digit: [line, at] } : undefined;
}

const onCalendar = (year, month, day) => {
  const date = new Date(Date.UTC(2000, month - 1, day));
  date.setUTCFullYear(year, month - 1, day);
  return month >= 1 && month <= 12 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
};
const pairs = (cells) => cells.match(/../g).map((pair) => (pair === "<<" ? null : /^[0-9]{2}$/.test(pair) ? Number(pair) : NaN));

/** Whether a date of birth can be: each part known or not at all, on a calendar, not after today. */
function isBirth(cells, [todayYear, todayMonth, todayDay]) {
  const [year, month, day] = pairs(cells);
  if ([year, month, day].some(Number.isNaN)) return false;
  const century = todayYear - (todayYear % 100);
  if ([year, month, day].includes(null)) {
    return (month === null || (month >= 1 && month <= 12)) && (day === null || (day >= 1 && day <= 31));
  }
  const past = (y) => y * 10_000 + month * 100 + day <= todayYear * 10_000 + todayMonth * 100 + todayDay;
  return [century + year, century - 100 + year].some((y) => onCalendar(y, month, day) && past(y));
}

function isExpiry(cells, [todayYear]) {
  const [year, month, day] = pairs(cells);
  const century = todayYear - (todayYear % 100);
  return [century - 100, century, century + 100].some((c) => onCalendar(c + year, month, day));
}

/** What is wrong with what a field holds, check digits aside: kind and cell. */
function contentFault(format, field, cells, today) {
  const firstNot = (pattern) => [...cells].findIndex((cell) => !pattern.test(cell));
  const content = (at) => (at >= 0 ? ["content", at] : undefined);
  switch (field) {
    case "document-code": {
      const first = isVisa(format) ? "V" : format === "td3" ? "P" : "IAC";
      return first.includes(cells[0]) ? undefined : ["content", 0];
    }
    case "issuer":
    case "nationality": {
      const letters = cells.replace(/<+$/, "");
      if (!letters) return ["empty", 0];
      // Three letters, and Germany's one (ICAO 9303-3 section 5).
      const short = letters.length < 3 && letters !== "D" ? letters.length : -1;
      return content([...letters].findIndex((cell) => !/[A-Z]/.test(cell))) ?? content(short);
    }
    case "name": return content(firstNot(/[A-Z<]/)) ?? (/^<*$/.test(cells) ? ["empty", 0] : undefined);
    case "number": return cells.startsWith("<") ? ["empty", 0] : undefined;
    case "birth": return content(firstNot(/[0-9<]/)) ?? (isBirth(cells, today) ? undefined : ["date", 0]);
    case "expiry": return content(firstNot(/[0-9]/)) ?? (isExpiry(cells, today) ? undefined : ["date", 0]);
    case "sex": return content(firstNot(/[MF<]/));
    default: return undefined;
  }
}

/** One check digit. A cell that is not typed yet leaves it waiting. */
function check(format, lines, field, readable) {
  const long = field === "number" ? longNumber(format, lines) : undefined;
  const covered = field === "composite" ? COMPOSITE[format].spans : [fieldsOf(format)[field], ...(long ? [long.rest] : [])];
  const cells = covered.map((span) => text(lines, span)).join("");
  const [line, cell] = long?.digit ?? digitOf(format, field);
  const found = lines[line][cell];
  const judged = (verdict, expected) => ({ field, line: line + 1, column: cell + 1, verdict, ...(expected && { expected }) });
  // The digit of a number may stand in the optional data: whether it does is seen when that is typed.
  const open = field === "number" && found === "<" && text(lines, OPTIONAL[format]).includes(BLANK);
  if (cells.includes(BLANK) || found === BLANK || open) return judged("waiting");
  if (!readable) return judged("unreadable");
  const expected = digitOver(cells);
  const unused = format === "td3" && field === "optional" && /^<*$/.test(cells) && found === "<";
  return unused || expected === found ? judged("fits") : judged("wrong", expected);
}

function judge(format, lines, today) {
  const fields = fieldsOf(format);
  const faults = [];
  for (const [field, span] of Object.entries(fields)) {
    const cells = text(lines, span);
    const wrong = cells.includes(BLANK) ? undefined : contentFault(format, field, cells, today);
    if (wrong) faults.push({ kind: wrong[0], field, line: span[0] + 1, column: span[1] + wrong[1] + 1 });
  }
  const readable = (field) => faults.every((fault) => fault.field !== field);
  const faultOf = ({ field, line, column, expected }) => ({ kind: "check-digit", field, line, column, expected });
  const own = CHECKED.filter((field) => field !== "composite" && digitOf(format, field));
  const checks = own.map((field) => check(format, lines, field, readable(field)));
  const wrong = checks.filter(({ verdict }) => verdict === "wrong");
  if (digitOf(format, "composite")) {
    const digits = checks.every(({ line, column }) => /[0-9<\u00b7]/.test(lines[line - 1][column - 1]));
    const all = digits && ["number", "birth", "expiry", "optional", "second-optional"].every(readable);
    const composite = check(format, lines, "composite", all);
    checks.push(composite);
    // A wrong character makes two digits wrong; the nearer one says which it is.
    if (!wrong.length && composite.verdict === "wrong") faults.push(faultOf(composite));
  }
  faults.push(...wrong.map(faultOf));
  faults.sort((a, b) => a.line - b.line || a.column - b.column);
  return { format, lines, checks, faults };
}

const localDate = () => {
  const now = new Date();
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()];
};

/**
 * Reads a whole zone: `{ verdict: "holds" | "faulty" | "none", format, lines, checks, faults }`, lines and columns
 * from 1. `today` is [year, month, day].
 */
export function readMrz(input, today = localDate()) {
  const none = (fault) => ({ verdict: "none", format: null, lines: [], checks: [], faults: [fault] });
  if (new TextEncoder().encode(input).length > INPUT_BYTES_MAX) return none(layoutFault("lines"));
  const cells = linesOf(input);
  const { format, fault } = formatOf(cells);
  if (fault) return none(fault);
  for (const [line, of] of cells.entries()) {
    const column = of.findIndex((cell) => !/^[A-Z0-9<]$/.test(cell));
    if (column >= 0) return none({ kind: "character", field: fieldAt(format, line, column), line: line + 1, column: column + 1 });
  }
  const lines = cells.map((line) => line.join(""));
  if (format === "td2" && lines[0].startsWith("IDFRA")) return none(layoutFault("french"));
  const judged = judge(format, lines, today);
  return { verdict: judged.faults.length ? "faulty" : "holds", ...judged };
}

/** What is being typed, as far as it goes: cells to come are blank. Undefined before the first character. */
function soFar(input, today) {
  const typed = linesOf(input.slice(0, INPUT_BYTES_MAX));
  const first = typed[0]?.[0];
  if (!first) return undefined;
  const broken = /[\r\n]/.test(input.trimStart());
  const ended = broken ? typed[0].length : 0;
  const small = ended === 36;
  const format = first === "P" ? "td3" : first === "V" ? (small ? "mrv-b" : "mrv-a") : small ? "td2" : ended === 44 ? "td3" : "td1";
  const width = WIDTH[format];
  // A scanner that ends no line types them as one.
  const cells = broken ? typed : part(typed.flat(), width);
  const known = (cell) => (/^[A-Z0-9<]$/.test(cell) ? cell : BLANK);
  const row = (n) => (cells[n] ?? []).slice(0, width).map(known).join("").padEnd(width, BLANK);
  const at = Math.min(cells.length, lineCount(format));
  return {
    ...judge(format, Array.from({ length: lineCount(format) }, (_, n) => row(n)), today),
    line: at, typed: Math.min(cells[at - 1].length, width), width, of: lineCount(format),
  };
}

/** A text in the page's language, with its values put in. */
function say(key, values = {}) {
  const { mrz } = TEXTS[document.documentElement.lang] ?? TEXTS.en;
  return mrz[key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

const MARK = { fits: "\u2713", plain: "\u00b7", wrong: "\u2717", unreadable: "\u2717", waiting: "\u2026" };

/** One row: the field, what it holds, and its verdict in a sign and in words. */
function row(name, held, verdict, expected) {
  const item = document.createElement("li");
  item.dataset.verdict = verdict;
  const cell = (className, words) => {
    const span = document.createElement("span");
    span.className = className;
    span.textContent = words;
    item.append(span);
    return span;
  };
  cell("mrz-mark", MARK[verdict]).setAttribute("aria-hidden", "true");
  cell("mrz-field", name);
  cell("mrz-held number", held).dir = "ltr";
  cell("mrz-verdict", say(verdict, { digit: expected }));
  return item;
}

/** A row for each field, and one for the last check digit. */
function rows({ format, lines, checks, faults }) {
  const own = Object.entries(fieldsOf(format)).map(([field, span]) => {
    const cells = text(lines, span);
    const found = checks.find((one) => one.field === field);
    const wrong = faults.some((one) => one.field === field && one.kind !== "check-digit");
    const verdict = wrong ? "unreadable" : (found?.verdict ?? (cells.includes(BLANK) ? "waiting" : "plain"));
    const held = cells.replaceAll(BLANK, "").replace(/<+$/, "").replaceAll("<", " ");
    return row(say(field), held, verdict, found?.expected);
  });
  const whole = checks.find((one) => one.field === "composite");
  return whole ? [...own, row(say("composite"), "", whole.verdict, whole.expected)] : own;
}

/** A fault in words. */
function told({ kind, field, line, column, expected, found }) {
  if (kind === "layout") return say(expected === "french" ? "french" : "layout");
  if (kind === "length") return say("length", { line, expected, found });
  const place = say("at", { line, column, field: field ? say(field) : "" });
  return `${place} ${say(`fault-${kind}`, { digit: expected })}`;
}

/**
 * Brings a fragment of `pages::mrz` to life. `onRead(lines, reading)` is called once all of a zone is there and fits,
 * when Enter is pressed in it (as scanners do) or the button is; what does not fit is said and not handed on.
 * Gives `{ clear, focus }`. Words are in the page's language.
 */
export function mountMrz(root, onRead) {
  const part = (name) => root.querySelector(`[data-mrz="${name}"]`);
  const [input, state, fields, use] = ["input", "state", "fields", "use"].map(part);
  let timer;

  function inWords() {
    for (const element of root.querySelectorAll("[data-mrz-word]")) element.textContent = say(element.dataset.mrzWord);
  }

  /** Says how it stands, once the keys rest: a screen reader is not to speak at each. */
  function tell(message, after = SETTLED_MS) {
    clearTimeout(timer);
    timer = setTimeout(() => (state.textContent = message), after);
  }

  function look() {
    const now = soFar(input.value, localDate());
    fields.replaceChildren(...(now ? rows(now) : []));
    const reading = readMrz(input.value);
    root.dataset.verdict = now ? reading.verdict : "empty";
    use.disabled = reading.verdict !== "holds";
    if (!now) return tell("");
    if (reading.verdict === "holds") return tell(say("holds"));
    if (now.faults.length) return tell(told(now.faults[0]));
    tell(reading.verdict === "faulty" ? told(reading.faults[0]) : say("unfinished", now));
  }

  /** Hands a zone on, or says at once what is wrong with it. */
  function hand() {
    const reading = readMrz(input.value);
    if (reading.verdict === "holds") return onRead(reading.lines, reading);
    tell(told(reading.faults[0]), 0);
    return input.focus();
  }

  input.addEventListener("input", look);
  input.addEventListener("keydown", (event) => {
    // Within a zone Enter is an end of line, as it is typed and as scanners send it; after it, it is the end.
    if (event.key !== "Enter" || event.isComposing || readMrz(input.value).verdict === "none") return;
    event.preventDefault();
    hand();
  });
  use.addEventListener("click", hand);
  new MutationObserver(() => { inWords(); look(); }).observe(document.documentElement, { attributeFilter: ["lang"] });
  inWords();
  look();
  return {
    /** Forgets what was typed: it is personal data. */
    clear() {
      input.value = "";
      look();
    },
    focus: () => input.focus(),
  };
}
