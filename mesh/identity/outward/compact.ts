// Owns JSON Web Signatures in their compact form (RFC 7515), read strictly; who checks the signature is told apart.
import type { Jwk } from "./key.ts";
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

/** Checks the signature with one key; null: it is good. */
export type CheckJws = (jws: Jws, key: Jwk) => Promise<JwsFault | null>;
