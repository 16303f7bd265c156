// RFC 9421 HTTP Message Signatures with Ed25519, in the one profile that the server takes.

const COVERED = '("@method" "@path" "content-digest" "idempotency-key" "portunus-counter")';

export function base64(bytes) {
  let text = "";
  for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte);
  return btoa(text);
}

/** 128 random bits as 32 lower-case hexadecimal digits. */
export function randomHex() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A key pair whose private half cannot be taken out of this browser. */
export function makeKey() {
  return crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]);
}

export async function publicKeyText(pair) {
  return base64(await crypto.subtle.exportKey("raw", pair.publicKey));
}

/** What is signed (RFC 9421 section 2.5). */
export function signatureBase({ method, path, digest, idempotencyKey, counter, params }) {
  return [
    `"@method": ${method}`,
    `"@path": ${path}`,
    `"content-digest": ${digest}`,
    `"idempotency-key": ${idempotencyKey}`,
    `"portunus-counter": ${counter}`,
    `"@signature-params": ${params}`,
  ].join("\n");
}

/** What is signed of a capture for the public ledger; it names nobody. */
export function captureStatement({ device, designation, notice, counter }) {
  return `portunus-capture/1\ndevice ${device}\ndesignation ${designation}\nnotice ${notice}\ncount ${counter}\n`;
}

/** The further header of a capture: under which designation and notice it was made, signed with its count. */
export async function captureHeader({ device, key, authority, counter }) {
  const { designation, notice } = authority;
  const text = captureStatement({ device, designation, notice, counter });
  const signature = await crypto.subtle.sign({ name: "Ed25519" }, key, new TextEncoder().encode(text));
  return `designation="${designation}", notice="${notice}", signature=:${base64(signature)}:`;
}

/** The headers that sign one request. `body` is a Uint8Array, empty for none; `created` is in seconds. */
export async function signedHeaders({ method, path, body, device, key, idempotencyKey, counter, created }) {
  const digest = `sha-256=:${base64(await crypto.subtle.digest("SHA-256", body))}:`;
  const params = `${COVERED};created=${created};nonce="${randomHex()}";keyid="${device}";alg="ed25519"`;
  const base = signatureBase({ method, path, digest, idempotencyKey, counter, params });
  const signature = await crypto.subtle.sign({ name: "Ed25519" }, key, new TextEncoder().encode(base));
  return {
    "Content-Digest": digest,
    "Idempotency-Key": idempotencyKey,
    "Portunus-Counter": String(counter),
    "Signature-Input": `portunus=${params}`,
    Signature: `portunus=:${base64(signature)}:`,
  };
}
