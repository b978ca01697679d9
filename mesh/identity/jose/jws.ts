// Owns JSON Web Signatures in their compact form (RFC 7515), read strictly; jose checks the signature itself.
import { compactVerify, importJWK, type JWK } from "jose";
import { keyFault } from "./key.ts";
import { memberOf, parseStrictObject } from "./strict-json.ts";

/** Algorithms with a public key that a JWT-SVID may be signed by (JWT-SVID.md section 2.1). */
export const SVID_ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
] as const;

/** Largest token that is looked at, in characters. */
export const MAX_TOKEN = 8192;

export type JwsFault =
  | "malformed"
  | "too-large"
  | "duplicate-member"
  | "alg-missing"
  | "alg-not-allowed"
  | "crit"
  | "alg-key-mismatch"
  | "weak-key"
  | "key-use"
  | "unknown-key"
  | "bad-signature";

/** A signed text taken apart; nothing of it is believed yet. */
export interface Jws {
  readonly compact: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly alg: string;
  readonly payload: Uint8Array;
}

const SEGMENT = /^[A-Za-z0-9_-]*$/;

/** Takes a compact serialization apart and checks what holds for every signature; the header is not otherwise read. */
export function parseJws(compact: string, algorithms: readonly string[]): Jws | JwsFault {
  const parts = segmentsOf(compact);
  if (typeof parts === "string") return parts;
  const [head, payload] = parts;
  const text = utf8(head);
  const header = text === null ? "malformed" : parseStrictObject(text);
  if (typeof header === "string") return header === "too-deep" ? "too-large" : header;
  const alg = memberOf(header, "alg");
  if (alg === undefined) return "alg-missing";
  if (typeof alg !== "string" || !algorithms.includes(alg)) return "alg-not-allowed";
  // No extension is understood here, so none may be asked for (RFC 7515 section 4.1.11).
  if (Object.hasOwn(header, "crit") || Object.hasOwn(header, "b64")) return "crit";
  return { compact, header, alg, payload };
}

function segmentsOf(compact: string): readonly [Uint8Array, Uint8Array] | JwsFault {
  const first = compact.indexOf(".");
  const second = compact.indexOf(".", first + 1);
  if (first < 1 || second < 0 || compact.includes(".", second + 1)) return "malformed";
  if (compact.length > MAX_TOKEN) return "too-large";
  const head = decode(compact.slice(0, first));
  const payload = decode(compact.slice(first + 1, second));
  const isWhole = decode(compact.slice(second + 1)) !== null;
  return head === null || payload === null || !isWhole ? "malformed" : [head, payload];
}

/** Checks the signature with one key; null: it is good. */
export async function checkJws({ compact, alg }: Jws, key: JWK): Promise<JwsFault | null> {
  const fault = keyFault(key, alg);
  if (fault !== null) return fault;
  try {
    await compactVerify(compact, await importJWK(stripped(key), alg), { algorithms: [alg] });
    return null;
  } catch {
    return "bad-signature";
  }
}

/** The key alone: what else its set says of it has been read. */
function stripped({ kty, crv, x, y, n, e, k }: JWK): JWK {
  const key: Readonly<Record<string, unknown>> = { kty, crv, x, y, n, e, k };
  return Object.fromEntries(Object.entries(key).filter(([, value]) => value !== undefined));
}

/** Text of UTF-8 bytes without a byte-order mark; null where they are none. */
export function utf8(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.startsWith("\ufeff") ? null : text;
  } catch {
    return null;
  }
}

/** Unpadded base64url in its one canonical spelling (RFC 7515 section 2); null otherwise. */
export function decode(text: string): Uint8Array | null {
  if (!SEGMENT.test(text) || text.length % 4 === 1) return null;
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const again = btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  return again === text ? Uint8Array.from(binary, (char) => char.charCodeAt(0)) : null;
}

/** Algorithms that are known at all; a key says which one it is for. */
const KNOWN = new Set([...SVID_ALGORITHMS, "HS256", "HS384", "HS512", "EdDSA", "Ed25519"]);

/**
 * Verifies a compact serialization with one key or a set of keys (RFC 7517); null: it is good. The key has to name its
 * algorithm, and a set may not mix shared secrets with public keys: whoever holds the one must not pass for the other.
 */
export async function verifyJws(
  compact: string,
  key: JWK | { readonly keys: readonly JWK[] },
): Promise<JwsFault | null> {
  const keys =
    "keys" in key && Array.isArray(key.keys) ? (key.keys as readonly JWK[]) : [key as JWK];
  const secrets = keys.filter(({ kty }) => kty === "oct").length;
  if (secrets > 0 && secrets < keys.length) return "alg-key-mismatch";
  const algorithms = keys.flatMap(({ alg }) => (alg !== undefined && KNOWN.has(alg) ? [alg] : []));
  const jws = parseJws(compact, algorithms.length > 0 ? algorithms : SVID_ALGORITHMS);
  if (typeof jws === "string") return jws;
  const kid = memberOf(jws.header, "kid");
  const meant = keys.filter(
    (held) => kid === undefined || held.kid === undefined || held.kid === kid,
  );
  const [only] = meant;
  if (only === undefined || meant.length > 1) return "unknown-key";
  return checkJws(jws, only);
}
