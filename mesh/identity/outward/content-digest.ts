// Owns the digest of a body in a header (RFC 9530 section 2).
import { parseDictionary, toBase64 } from "./structured-fields.ts";

const HASHES: Readonly<Record<string, string>> = { "sha-256": "SHA-256", "sha-512": "SHA-512" };

/** The value of `content-digest` for a body, by SHA-256. */
export async function contentDigest(body: Uint8Array | string): Promise<string> {
  return `sha-256=:${toBase64(await hash("SHA-256", body))}:`;
}

/** Whether every digest that is understood is that of the body, and at least one is. */
export async function isDigestOf(header: string, body: Uint8Array | string): Promise<boolean> {
  const members = parseDictionary(header);
  if (members === null) return false;
  let checked = 0;
  for (const [name, { items, isList }] of members) {
    const algorithm = Object.hasOwn(HASHES, name) ? HASHES[name] : undefined;
    if (algorithm === undefined) continue;
    const value = items[0]?.value;
    if (isList || !(value instanceof Uint8Array)) return false;
    if (toBase64(value) !== toBase64(await hash(algorithm, body))) return false;
    checked += 1;
  }
  return checked > 0;
}

async function hash(algorithm: string, body: Uint8Array | string): Promise<Uint8Array> {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : new Uint8Array(body);
  return new Uint8Array(await crypto.subtle.digest(algorithm, bytes));
}
