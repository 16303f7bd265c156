// Reads a public log and proves what it says of some records: from its files (C2SP tlog-tiles) and its key alone. Nothing that
// the service says is believed here but what leads to the root that the given key signed (RFC 6962).

const WIDTH = 256;
const PREFIX = "portunus-leaf/1 ";

/** What does not hold, in words. */
export class Broken extends Error {}

const unbase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer()));
}

const nodeHash = (left, right) => sha256(Uint8Array.of(1), left, right);

/** The largest power of two below `leaves`, which is more than one. */
const split = (leaves) => 2 ** Math.ceil(Math.log2(leaves) - 1);

/** The root over the hashes of leaves, or of complete subtrees, in order. */
async function rootOf(hashes) {
  if (hashes.length === 0) return sha256();
  if (hashes.length === 1) return hashes[0];
  const half = split(hashes.length);
  return nodeHash(await rootOf(hashes.slice(0, half)), await rootOf(hashes.slice(half)));
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Name, number and base64 of a verifier key `NAME+HEX+BASE64`; base64 has pluses of its own. */
function parts(key) {
  const [name, id, ...rest] = key.split("+");
  return [name, id, rest.join("+")];
}

/** Whether an Ed25519 signature is of this text; undefined where this browser cannot tell. */
async function verifies(bytes, text, signature) {
  let key;
  try {
    key = await crypto.subtle.importKey("raw", bytes, { name: "Ed25519" }, false, ["verify"]);
  } catch {
    return undefined;
  }
  return crypto.subtle.verify({ name: "Ed25519" }, key, signature, new TextEncoder().encode(text));
}

/** A tile's path below the log; `width` is how many of 256 it has. */
export function tilePath(level, index, width) {
  const parts = [String(index % 1000).padStart(3, "0")];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    parts.unshift(`x${String(rest % 1000).padStart(3, "0")}`);
  }
  return `tile/${level}/${parts.join("/")}${width === WIDTH ? "" : `.p/${width}`}`;
}

/** A leaf's fields with its `kind`; undefined for bytes that are no leaf. */
export function parseLeaf(bytes) {
  const [first, ...lines] = new TextDecoder().decode(bytes).trimEnd().split("\n");
  if (!first.startsWith(PREFIX)) return undefined;
  const fields = lines.map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]);
  return { kind: first.slice(PREFIX.length), ...Object.fromEntries(fields) };
}

/** The public log under `base`, signed by the verifier key `NAME+HEX+BASE64`. */
export class Log {
  #base;
  #key;
  #files = new Map();

  constructor(base, key) {
    const [name, id, base64] = parts(key);
    if (!base64) throw new Broken("the log's key is not whole");
    this.#base = base;
    this.#key = { name, id, bytes: unbase64(base64).slice(1) };
  }

  /** What the log states now. */
  async head() {
    const bytes = await this.#fetch("checkpoint", "no-store");
    if (!bytes) throw new Broken("the log has no checkpoint");
    return this.open(new TextDecoder().decode(bytes));
  }

  /**
   * Reads a checkpoint: `{origin, size, root, signed, others}`. `signed` is undefined where this browser cannot check the
   * signature; one that does not verify is thrown.
   */
  async open(note) {
    const end = note.lastIndexOf("\n\n");
    const text = note.slice(0, end + 1);
    const [origin, size, root] = text.split("\n");
    const lines = note.slice(end + 2).trimEnd().split("\n").map((line) => line.split(" "));
    if (end < 0 || origin !== this.#key.name || !/^\d+$/.test(size)) throw new Broken("the checkpoint is not of this log");
    const mine = lines.map(([, name, bytes]) => [name, unbase64(bytes)]).find(([name, bytes]) => name === origin && hex(bytes.slice(0, 4)) === this.#key.id);
    if (!mine) throw new Broken("the checkpoint is not signed with the log's key");
    const signed = await verifies(this.#key.bytes, text, mine[1].slice(4));
    if (signed === false) throw new Broken("the checkpoint's signature does not verify");
    return { origin, size: Number(size), root: unbase64(root), signed, text, lines };
  }

  /** The names of those of `witnesses` (verifier keys) whose signature on a head verifies (C2SP tlog-cosignature). */
  async witnessed(head, witnesses) {
    const names = [];
    for (const witness of witnesses) {
      const [name, id, base64] = parts(witness);
      for (const [, by, signature] of head.lines.filter(([, by]) => by === name)) {
        const bytes = unbase64(signature);
        if (hex(bytes.slice(0, 4)) !== id) continue;
        const time = new DataView(bytes.buffer).getBigUint64(4);
        const said = `cosignature/v1\ntime ${time}\n${head.text}`;
        if (await verifies(unbase64(base64).slice(1), said, bytes.slice(12))) names.push(by);
      }
    }
    return names;
  }

  /**
   * All that the log says of `records` from place `from` on: a list of `{place, kind, record, ...}`. Every leaf that is read
   * is proved to lead to the root of `head`, those of others, too: none can be kept from the reader. `progress(read, of)`
   * hears how far it is.
   */
  async trace(head, records, from, progress = () => {}) {
    if (!Number.isSafeInteger(from) || from < 0 || from > head.size) throw new Broken("the receipt begins at no place of the log");
    const found = [];
    for (let first = Math.floor(from / WIDTH) * WIDTH; first < head.size; first += WIDTH) {
      progress(first, head.size);
      const leaves = await this.#bundle(first / WIDTH, Math.min(WIDTH, head.size - first));
      const hashes = await Promise.all(leaves.map((bytes) => sha256(Uint8Array.of(0), bytes)));
      if (!same(await this.#climb(first, hashes, 0, head.size, head.size), head.root)) {
        throw new Broken(`the statements from place ${first} on do not lead to the signed root`);
      }
      for (const [at, bytes] of leaves.entries()) {
        const leaf = parseLeaf(bytes);
        if (leaf && records.includes(leaf.record)) found.push({ place: first + at, ...leaf });
      }
    }
    return found;
  }

  /** Whether what `old` states is the beginning of what `head` states (RFC 9162, 2.1.4.2); throws when it is not. */
  async follows(old, head) {
    const broken = new Broken(`the first ${old.size} statements are not those of before`);
    if (old.size > head.size) throw broken;
    if (old.size === 0 || old.size === head.size) {
      if (old.size > 0 && !same(old.root, head.root)) throw broken;
      return;
    }
    const proof = await this.#consistency(old.size, 0, head.size, true, head.size);
    let [place, last] = [old.size - 1, head.size - 1];
    while (place % 2 === 1) [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
    const path = Number.isInteger(Math.log2(old.size)) ? [old.root, ...proof] : proof;
    let [one, other] = [path[0], path[0]];
    for (const hash of path.slice(1)) {
      if (place % 2 === 1 || place === last) {
        [one, other] = [await nodeHash(hash, one), await nodeHash(hash, other)];
        while (place % 2 === 0 && place !== 0) [place, last] = [place / 2, Math.floor(last / 2)];
      } else {
        other = await nodeHash(other, hash);
      }
      [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
    }
    if (last !== 0 || !same(one, old.root) || !same(other, head.root)) throw broken;
  }

  async #consistency(old, low, high, whole, size) {
    if (old === high) return whole ? [] : [await this.#range(low, high, size)];
    const middle = low + split(high - low);
    return old <= middle
      ? [...(await this.#consistency(old, low, middle, whole, size)), await this.#range(middle, high, size)]
      : [...(await this.#consistency(old, middle, high, false, size)), await this.#range(low, middle, size)];
  }

  /** The root over `low` to `high`, with `hashes` for the leaves from `first` on, and all else from the tiles. */
  async #climb(first, hashes, low, high, size) {
    const last = first + hashes.length;
    if (high <= first || low >= last) return this.#range(low, high, size);
    if (low >= first && high <= last) return rootOf(hashes.slice(low - first, high - first));
    const middle = low + split(high - low);
    return nodeHash(await this.#climb(first, hashes, low, middle, size), await this.#climb(first, hashes, middle, high, size));
  }

  /** The hash of the leaves from `low` to before `high`, as they stand in the tree of `size`. */
  async #range(low, high, size) {
    const leaves = high - low;
    const level = Math.log2(leaves);
    if (Number.isInteger(level)) return this.#node(level, low / leaves, size);
    const middle = low + split(leaves);
    return nodeHash(await this.#range(low, middle, size), await this.#range(middle, high, size));
  }

  /** The hash of the `index`th complete subtree of 2^`level` leaves. */
  async #node(level, index, size) {
    const at = Math.floor(level / 8);
    const many = 2 ** (level % 8);
    const tile = Math.floor((index * many) / WIDTH);
    const width = Math.min(WIDTH, Math.floor(size / WIDTH ** at) - tile * WIDTH);
    const bytes = await this.#file(at, tile, width);
    const first = (index * many) % WIDTH;
    if (bytes.length < (first + many) * 32) throw new Broken(`${tilePath(at, tile, width)} is not whole`);
    return rootOf(Array.from({ length: many }, (_, n) => bytes.slice((first + n) * 32, (first + n + 1) * 32)));
  }

  async #bundle(index, width) {
    const bytes = await this.#file("entries", index, width);
    const leaves = [];
    for (let at = 0; at + 2 <= bytes.length && leaves.length < width; ) {
      const length = bytes[at] * 256 + bytes[at + 1];
      leaves.push(bytes.slice(at + 2, at + 2 + length));
      at += 2 + length;
    }
    if (leaves.length < width) throw new Broken(`${tilePath("entries", index, width)} is not whole`);
    return leaves;
  }

  /** A tile's bytes, or the full tile's where the partial one is gone. */
  async #file(level, index, width) {
    const path = tilePath(level, index, width);
    if (!this.#files.has(path)) {
      const bytes = (await this.#fetch(path)) ?? (await this.#fetch(tilePath(level, index, WIDTH)));
      if (!bytes) throw new Broken(`${path} is missing`);
      this.#files.set(path, bytes);
    }
    return this.#files.get(path);
  }

  async #fetch(path, cache = "default") {
    const answer = await fetch(`${this.#base}/${path}`, { cache, credentials: "omit" });
    if (answer.status === 404) return undefined;
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  }
}
