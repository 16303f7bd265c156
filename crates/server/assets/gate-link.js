// The gate's line to the service: one signed request at a time, repeated afresh signed until answered or lost.

import { lastCounter, nextCounter } from "./device.js";
import { captureHeader, randomHex, signedHeaders } from "./signing.js";

/** No answer within the time given. */
export class Lost extends Error {}

/** The service said no; `reason` is the problem's name, such as `no-voyage`. */
export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail ?? `status ${status}`);
    this.status = status;
    this.reason = String(problem.type ?? "").split(/[:/]/).pop();
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const SECONDS_MAX = 10;
const SKEW_NOTICED_SECONDS = 60;

export class Link {
  #identity;
  #tail = Promise.resolve();
  #authority;
  #skewSeconds = 0;

  constructor(identity) {
    this.#identity = identity;
  }

  /** What captures are signed under from now on: the designation and the notice that the traveller was shown. */
  under(gate) {
    this.#authority = gate.designation && { designation: gate.designation.id, notice: gate.notice_sha256 };
  }

  get(path, options) {
    return this.#queue("GET", path, undefined, options);
  }

  /** Sends JSON. */
  post(path, value, options) {
    return this.#queue("POST", path, new Response(JSON.stringify(value), { headers: { "Content-Type": "application/json" } }), options);
  }

  /** Sends frames of the camera: a Blob, or a FormData of several. They count as one capture. */
  capture(path, frames, options) {
    return this.#queue("POST", path, new Response(frames), { ...options, counts: true });
  }

  // In order and never two at once: the counter must reach the service growing.
  #queue(method, path, content, options = {}) {
    const run = this.#tail.then(() => this.#send(method, path, content, options));
    this.#tail = run.catch(() => {});
    return run;
  }

  async #send(method, path, content, { counts = false, signal, secondsMax = SECONDS_MAX }) {
    signal?.throwIfAborted();
    const request = {
      method,
      path,
      type: content?.headers.get("Content-Type"),
      body: content ? new Uint8Array(await content.arrayBuffer()) : new Uint8Array(0),
      idempotencyKey: randomHex(),
      counter: await (counts ? nextCounter() : lastCounter()),
      authority: counts ? this.#authority : undefined,
    };
    const until = performance.now() + secondsMax * 1000;
    try {
      for (let wait = 250; ; wait = Math.min(wait * 2, 2000)) {
        const answer = await this.#once(request, until, signal);
        if (answer?.ok) return answer.status === 204 ? undefined : await answer.json();
        if (answer && !answer.repeat) throw new Refusal(answer.status, await answer.json().catch(() => ({})));
        if (signal?.aborted || performance.now() + wait >= until) throw new Lost();
        await pause(wait);
      }
    } finally {
      request.body.fill(0);
    }
  }

  /** One try: the answer, marked when it asks for a repeat; undefined when none came. */
  async #once({ method, path, type, body, idempotencyKey, counter, authority }, until, signal) {
    const { device, key } = this.#identity;
    const created = Math.floor(Date.now() / 1000 + this.#skewSeconds);
    const headers = await signedHeaders({ method, path, body, device, key, idempotencyKey, counter, created });
    if (type) headers["Content-Type"] = type;
    if (authority) headers["Portunus-Capture"] = await captureHeader({ device, key, authority, counter });
    let answer;
    try {
      answer = await fetch(path, {
        method,
        headers,
        body: method === "GET" ? undefined : body,
        cache: "no-store",
        credentials: "omit",
        signal: AbortSignal.any([AbortSignal.timeout(Math.max(1000, until - performance.now())), ...(signal ? [signal] : [])]),
      });
    } catch {
      return undefined;
    }
    const clockWasWrong = this.#learnClock(answer.headers.get("Date"));
    const problem = answer.status === 409 ? await answer.clone().json().catch(() => ({})) : {};
    answer.repeat =
      answer.status === 429 ||
      answer.status >= 500 ||
      (answer.status === 401 && clockWasWrong) ||
      String(problem.type).endsWith("capture-in-progress");
    return answer;
  }

  /** Sets the clock that requests are dated by to the service's; tells whether it was far off. */
  #learnClock(date) {
    const theirs = Date.parse(date ?? "");
    if (Number.isNaN(theirs)) return false;
    const skew = (theirs - Date.now()) / 1000;
    const off = Math.abs(skew - this.#skewSeconds) > SKEW_NOTICED_SECONDS;
    if (off) this.#skewSeconds = skew;
    return off;
  }
}
