#!/usr/bin/env python3
"""A second verifier of Portunus's public ledger, by itself: Python's standard library and docs/ledger.md, no more.
    python3 verify.py DIR --key NAME+HEX+BASE64 [--since CHECKPOINT] [--witness KEY] [--as-of RFC3339]
Prints `KIND leaf N: words` for each fault, by the names that `portunus verify` has; exit status 0, 1 with faults, 2 when it
cannot read. It cannot see copies made outside, or whether what was stated was true.
"""
import argparse, base64, hashlib, os, re, sys
from datetime import datetime, timedelta, timezone

# --- Ed25519 (RFC 8032, 5.1) ---
P, D = 2**255 - 19, -121665 * pow(121666, -1, 2**255 - 19) % (2**255 - 19)
L = 2**252 + 27742317777372353535851937790883648493

def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    return (b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P

def times(n, p):
    q = (0, 1, 1, 0)
    while n:
        p, q, n = add(p, p), add(q, p) if n & 1 else q, n >> 1
    return q

def point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - x2) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P

BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))

def signed(key, text, signature):
    a, r, s = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or None in (a, r) or s >= L or any(times(8, p)[0] % P == 0 for p in (a, r)):
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % L
    left, right = times(s, BASE), add(r, times(h, a))
    return not (left[0] * right[2] - right[0] * left[2]) % P and not (left[1] * right[2] - right[1] * left[2]) % P

# --- the tree (RFC 6962, 2.1) and its files (C2SP tlog-tiles) ---
sha = lambda *parts: hashlib.sha256(b"".join(parts)).digest()

def root(hashes):
    if len(hashes) < 2:
        return hashes[0] if hashes else sha()
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return sha(b"\1", root(hashes[:k]), root(hashes[k:]))

def name(level, index, width):
    parts = ["%03d" % (index % 1000)]
    while index := index // 1000:
        parts.insert(0, "x%03d" % (index % 1000))
    return "tile/%s/%s%s" % (level, "/".join(parts), "" if width == 256 else ".p/%d" % width)

class Log:
    def __init__(self, folder):
        self.folder, self.faults = folder, []
        self.fault = lambda kind, leaf, what: self.faults.append((kind, leaf, what))
    def read(self, path):
        return open(whole, "rb").read() if os.path.isfile(whole := os.path.join(self.folder, path)) else None
    def head(self, data, vkey, witnesses=()):
        """(size, root) of a checkpoint that the key signed; None, and a fault, otherwise."""
        origin, number, key = vkey.split("+", 2)
        text, _, lines = data.decode("utf-8", "replace").rpartition("\n\n")
        text, key = text + "\n", base64.b64decode(key)[1:]
        pattern = "\u2014 (\\S+) ((?:[\\w+/]{4})*(?:[\\w+/]{4}|[\\w+/]{2}==|[\\w+/]{3}=))"
        lines = [re.fullmatch(pattern, line, re.ASCII) for line in lines.splitlines()]
        notes = [line and (line[1], base64.b64decode(line[2])) for line in lines]
        mine = [note for note in notes if note and (note[0], note[1][:4].hex()) == (origin, number)]
        ours, lines = lambda note: note and signed(key, text.encode(), note[1][4:]), text.split("\n")
        renamed, whole = not mine and any(map(ours, notes)), all(notes) and all(map(ours, mine))
        if renamed or not whole or mine and (len(lines) < 4 or lines[0] != origin):
            self.fault("checkpoint-altered", None, "the checkpoint is not whole, or not what was signed")
        elif not mine:
            self.fault("unknown-key", None, "the checkpoint is not signed by " + origin)
        else:
            for who, number, key in (witness.split("+", 2) for witness in witnesses):
                theirs = [note[4:] for name_, note in notes if (name_, note[:4].hex()) == (who, number)]
                said = lambda note: b"cosignature/v1\ntime %d\n" % int.from_bytes(note[:8], "big") + text.encode()
                if not theirs or not all(signed(base64.b64decode(key)[1:], said(note), note[8:]) for note in theirs):
                    self.fault("witness", None, "not signed by " + who)
            return int(lines[1]), base64.b64decode(lines[2])
        return None
    def leaves(self, size):
        """All leaves; None, and a fault, where a bundle is missing or not whole."""
        out = []
        while len(out) < size:
            width = min(256, size - len(out))
            paths = [name("entries", len(out) // 256, w) for w in (width, 256)]
            data, some = next((d for d in map(self.read, paths) if d is not None), b""), []
            while len(some) < width and len(data) > 1 + (length := int.from_bytes(data[:2], "big")):
                some.append(data[2 : 2 + length])
                data = data[2 + length :]
            if len(some) < width:
                self.fault("file-missing", len(out), paths[0] + " is missing or not whole")
                return None
            out += some
        return out
    def tiles(self, hashes):
        level = 0
        while hashes:
            for at in range(0, len(hashes), 256):
                path = name(level, at // 256, len(hashes[at : at + 256]))
                data = self.read(path)
                if data != b"".join(hashes[at : at + 256]):
                    kind = "file-missing" if data is None else "tile-altered"
                    self.fault(kind, at << 8 * level, path + " is missing, or not what the leaves give")
            full = len(hashes) // 256 * 256
            hashes, level = [root(hashes[at : at + 256]) for at in range(0, full, 256)], level + 1

# --- what leaves say (docs/ledger.md) ---
KINDS = {
    "I": "[0-9a-f]{32}", "H": "[0-9a-f]{64}", "S": "[0-9a-f]{128}", "N": "0|[1-9][0-9]*", "D": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "T": r"(?!\s)[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,500}(?<!\s)", "O": r"-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"}
FIELDS = {kind: [field.split(":") for field in fields.split()] for kind, fields in {
    "designation": "id:I point:I name:T port:T direction:T mode:T basis:T owner:T contractors:T from:D until:O at:D",
    "hours": "designation:I hours:T at:D",
    "withdrawn": "designation:I until:D at:D", "policy": "name:T sha256:H notice:H at:D",
    "model": "pack:T fpir_ppm:N at:D", "device": "id:I point:I key:H count:N at:D", "device-revoked": "id:I at:D",
    "cases": "holds:N requests:N access:N corrections:N contests:N at:D", "recalls": "sent:N acknowledged:N at:D",
    "worker": "erasing:on|off|halted at:D", "sealed": "record:I due:D",
    "captures": "device:I designation:I notice:H first:N last:N sealed:N never_stored:N discarded:N missing:N since:D signed:S at:D",
    "redated": "record:I due:D cause:ruling|correction|renewed", "held": "record:I until:D at:D",
    "released": "record:I at:D", "erased": "record:I cause:due|early at:D", "rolled-back": "device:I counted:N came:N at:D",
    "parity-short": "designation:I falling:begins|ends manual:N photo:N waited_ms:N limit_ms:N at:D",
}.items()}
HOUR = timedelta(hours=1)

when = lambda text: datetime.fromisoformat(text.replace("Z", "+00:00")) if text != "-" else None

def parse(data):
    """(kind, fields); or None and the name of the fault."""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    kind, values = lines[0].removeprefix("portunus-leaf/1 "), {}
    whole = kind != lines[0] and kind in FIELDS and lines[-1] == "" and len(lines) == len(FIELDS[kind]) + 2
    for (field, of), line in zip(FIELDS.get(kind, []), lines[1:]):
        label, _, value = line.partition(" ")
        try:
            if label != field or not re.fullmatch(KINDS.get(of, of), value) or of == "N" and int(value) >> 64:
                raise ValueError
            values[field] = when(value) if of in "DO" else int(value) if of == "N" else value
        except ValueError:
            return None, {"fault": "due-moved-without-reason" if field == "cause" and kind == "redated" else "leaf-malformed"}
    return (kind, values) if whole else (None, {"fault": "leaf-malformed"})

def books(log, leaves, as_of):
    points, devices, records, notices, corrections, last = {}, {}, {}, set(), 0, None
    for n, data in enumerate(leaves):
        kind, leaf = parse(data)
        record = records.get(leaf.get("record"))
        if "at" in leaf and kind not in ("held", "released", "erased"):
            if last and leaf["at"] + HOUR < last:
                log.fault("leaf-out-of-order", n, "stated before what stands before it")
            last = max(last or leaf["at"], leaf["at"])
        if kind is None:
            log.fault(leaf["fault"], n, "the leaf is not written as it should be")
        elif kind in ("redated", "held", "released", "erased") and (record is None or record["erased"]):
            log.fault("leaf-doubled" if record else "leaf-out-of-order", n, "of a record unknown or erased")
        elif kind == "designation":
            if notices and leaf["from"] + timedelta(minutes=1) < leaf["at"]:
                log.fault("designation-back-dated", n, "it begins before it was published")
            if points.setdefault(leaf["id"], leaf) is not leaf:
                log.fault("leaf-doubled", n, "the designation was stated before")
        elif kind == "hours":
            if leaf["designation"] not in points:
                log.fault("leaf-out-of-order", n, "of what was never stated")
        elif kind in ("withdrawn", "device-revoked"):
            known = points.get(leaf["designation"]) if kind == "withdrawn" else devices.get(leaf["id"])
            if known is None:
                log.fault("leaf-out-of-order", n, "of what was never stated")
            else:
                known["until"] = leaf["until"] if kind == "withdrawn" else leaf["at"]
        elif kind == "policy":
            notices.add(leaf["notice"])
        elif kind == "device":
            if devices.setdefault(leaf["id"], known := {"last": leaf["count"], "until": None, "key": leaf["key"]}) is not known:
                log.fault("leaf-doubled", n, "the device was stated before")
        elif kind == "parity-short":
            known, begins = points.get(leaf["designation"]), leaf["falling"] == "begins"
            if known is None or known.get("short", False) == begins:
                log.fault("leaf-doubled" if known and begins else "leaf-out-of-order", n, "it fell short before, or did not")
            elif known:
                known["short"] = begins
        elif kind == "cases":
            corrections = leaf["corrections"] + leaf["contests"]
        elif kind == "captures":
            captures(log, n, leaf, devices.get(leaf["device"]), points.get(leaf["designation"]), notices)
        elif kind == "sealed":
            if record:
                log.fault("leaf-doubled", n, "the record was stated before")
            records[leaf["record"]] = {"due": leaf["due"], "held": None, "erased": False}
        elif kind == "redated":
            record["due"] = leaf["due"]
            if leaf["cause"] == "correction" and not corrections:
                log.fault("due-moved-without-reason", n, "by a correction, and none was counted")
        elif kind in ("held", "released"):
            record["due"] = max(record["due"], leaf["at"]) if kind == "released" and record["held"] else record["due"]
            record["held"] = max(record["held"] or leaf["until"], leaf["until"]) if kind == "held" else None
        elif kind == "erased":
            record["erased"] = True
            if leaf["cause"] == "due" and leaf["at"] > max(record["due"], record["held"] or record["due"]) + HOUR:
                log.fault("erasure-late", n, "erased at %s, due at %s" % (leaf["at"], record["due"]))
    for key, record in records.items():
        if not record["erased"] and record["due"] + HOUR < as_of and not (record["held"] and as_of < record["held"]):
            log.fault("erasure-missing", None, "record %s was due at %s" % (key, record["due"]))
    return len(records), sum(record["erased"] for record in records.values())

def captures(log, n, leaf, device, point_, notices):
    first, last_, hour = leaf["first"], leaf["last"], lambda at: at.replace(minute=0, second=0)
    if sum(map(leaf.get, ("sealed", "never_stored", "discarded", "missing"))) != last_ - first + 1 or last_ < first:
        log.fault("unbalanced", n, "what became of captures does not add up")
    over = lambda of: not of or of["until"] and of["until"] <= leaf["since"]
    if over(device) or over(point_) or leaf["notice"] not in notices or hour(point_["from"]) > hour(leaf["since"]):
        log.fault("capture-without-authority", n, "no designation, notice or device in force")
    if device:
        text = "portunus-capture/1\ndevice %(device)s\ndesignation %(designation)s\nnotice %(notice)s\ncount %(last)d\n" % leaf
        if not signed(bytes.fromhex(device["key"]), text.encode(), bytes.fromhex(leaf["signed"])):
            log.fault("capture-unsigned", n, "not signed by the device")
        if first != device["last"] + 1:
            kind = "counter-rolled-back" if first <= device["last"] else "captures-skipped"
            log.fault(kind, n, "counted to %d before, and now from %d" % (device["last"], first))
        device["last"] = max(device["last"], last_)

def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("dir")
    parser.add_argument("--key", required=True)
    parser.add_argument("--since")
    parser.add_argument("--witness", action="append", default=[])
    parser.add_argument("--as-of", type=when, default=datetime.now(timezone.utc))
    options = parser.parse_args()
    log = Log(options.dir)
    data = log.read("checkpoint")
    if data is None:
        parser.error("no checkpoint in " + options.dir)
    head, count = log.head(data, options.key, options.witness), (0, 0)
    leaves = log.leaves(head[0]) if head else None
    if leaves is not None:
        hashes = [sha(b"\0", leaf) for leaf in leaves]
        log.tiles(hashes)
        if root(hashes) != head[1]:
            log.fault("root-differs", None, "the leaves do not give the root that is stated")
        seen = log.head(open(options.since, "rb").read(), options.key) if options.since else None
        if seen and (seen[0] > head[0] or root(hashes[: seen[0]]) != seen[1]):
            kind = "rolled-back" if seen[0] > head[0] else "history-rewritten"
            log.fault(kind, None, "the %d leaves that were stated before are not its beginning" % seen[0])
        count = books(log, leaves, options.as_of)
    for kind, leaf, what in log.faults:
        print(kind + ("" if leaf is None else " leaf %d" % leaf) + ": " + what)
    print("FAULTS: %d" % len(log.faults) if log.faults else "ok: %d leaves, %d records, %d erased" % (head[0], *count))
    return 1 if log.faults else 0

sys.exit(main())
