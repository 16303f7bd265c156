// What this browser keeps as a gate, and all that it keeps: its key, its identifier, its capture counter.

import { makeKey, publicKeyText } from "./signing.js";

const STORE = "device";

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("portunus", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Runs `work(store)` in one transaction; resolves to what its request found once all of it is durable. */
async function transact(mode, work) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode, { durability: "strict" });
      const done = { value: undefined };
      work(transaction.objectStore(STORE), done);
      transaction.oncomplete = () => resolve(done.value);
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** This gate's identity `{device, key}`, or undefined before it was enrolled. */
export function identity() {
  return transact("readonly", (store, done) => {
    store.get("identity").onsuccess = (event) => (done.value = event.target.result);
  });
}

/** How many captures this gate made so far. */
export function lastCounter() {
  return transact("readonly", (store, done) => {
    store.get("counter").onsuccess = (event) => (done.value = event.target.result ?? 0);
  });
}

/** Counts one more capture, before it is sent: what is lost on the way stays counted. */
export function nextCounter() {
  return transact("readwrite", (store, done) => {
    store.get("counter").onsuccess = (event) => {
      done.value = (event.target.result ?? 0) + 1;
      store.put(done.value, "counter");
    };
  });
}

/** Makes this browser a gate with a one-time code. Resolves to the identity; throws when the code is refused. */
export async function enrol(code) {
  const pair = await makeKey();
  const answer = await fetch("/api/device/v1/enrolments", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ code, public_key: await publicKeyText(pair) }),
  });
  if (!answer.ok) throw new Error(`enrolment refused: ${answer.status}`);
  const { device } = await answer.json();
  const made = { device, key: pair.privateKey };
  await transact("readwrite", (store) => {
    store.put(made, "identity");
    store.put(0, "counter");
  });
  return made;
}
