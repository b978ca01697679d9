// Owns how keys come from keys: HKDF-SHA256 (RFC 5869), empty salt, purpose and names in `info` (docs/wire.md, "Keys").
// A callee derives each caller's key from its own audience secret, so nobody looks anything up.
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { WireKey } from "../contract/identity.ts";
import { fromBase64url, toBase64url } from "./base64url.ts";
import type { MacKey } from "./mac.ts";
import { framed, toMacKey } from "./mac.ts";
import type { KeyBytes } from "./secret.ts";
import { Secret } from "./secret.ts";

const KEY_BYTES = 32;
const encoder = new TextEncoder();

/** The two keys between one caller and one audience: `request` proves calls, `answer` proves answers. */
export interface PairKeys {
  readonly request: MacKey;
  readonly answer: MacKey;
}

/** The secret of one audience in one epoch: `HKDF(master, "heddle/v1/audience|" + framed workload)`. */
export const audienceSecret = (master: KeyBytes, workload: string): KeyBytes =>
  derived(master, "heddle/v1/audience|", [workload]);

/** What one caller may know of an audience's secret; reveals neither the secret nor another caller's seed. */
export const pairSeed = (
  audience: KeyBytes,
  trustDomain: string,
  caller: string,
  callee: string,
): KeyBytes => derived(audience, "heddle/v1/pair|", [trustDomain, caller, callee]);

/** The MAC keys of a pair seed (`info` = `req` and `res`), ready for use; about 30 µs, so keep the result. */
export const pairKeys = (seed: KeyBytes): PairKeys => ({
  request: toMacKey(derived(seed, "req", []).reveal()),
  answer: toMacKey(derived(seed, "res", []).reveal()),
});

/** A key in its wire form. */
export const toWireKey = (kid: string, key: KeyBytes): WireKey => ({
  kid,
  secret: toBase64url(key.reveal()),
});

/** The bytes of a wire key; null unless it is base64url of 32 bytes. */
export const fromWireKey = (key: WireKey): KeyBytes | null => {
  const bytes = fromBase64url(key.secret);
  return bytes !== null && bytes.length === KEY_BYTES ? new Secret<Uint8Array>(bytes) : null;
};

const derived = (key: KeyBytes, label: string, names: readonly string[]): KeyBytes => {
  const head = encoder.encode(label);
  const tail = framed(names);
  const info = new Uint8Array(head.length + tail.length);
  info.set(head);
  info.set(tail, head.length);
  return new Secret<Uint8Array>(hkdf(sha256, key.reveal(), undefined, info, KEY_BYTES));
};
