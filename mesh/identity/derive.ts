// Owns how keys come from keys: HKDF-SHA256 (RFC 5869), empty salt, purpose and names in `info` (docs/wire.md, "Keys").
// A callee derives each caller's key from its own audience secret, so nobody looks anything up.
import type { WireKey } from "../contract/identity.ts";
import { fromBase64url, toBase64url } from "./base64url.ts";
import type { MacKey } from "./mac.ts";
import { framed, macOfBytes, toMacKey } from "./mac.ts";
import type { KeyBytes } from "./secret.ts";
import { Secret } from "./secret.ts";

const KEY_BYTES = 32;
const NO_SALT = toMacKey(new Uint8Array(0));
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

/** The MAC keys of a pair seed (`info` = `req` and `res`), ready for use; about 10 µs, so keep the result. */
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

// HKDF's one block: extract with the empty salt, then HMAC(prk, info | 0x01) (RFC 5869 §2.2 and §2.3).
const derived = (key: KeyBytes, label: string, names: readonly string[]): KeyBytes => {
  const head = encoder.encode(label);
  const tail = framed(names);
  const info = new Uint8Array(head.length + tail.length + 1);
  info.set(head);
  info.set(tail, head.length);
  info[info.length - 1] = 1;
  const extracted = macOfBytes(NO_SALT, key.reveal());
  return new Secret<Uint8Array>(macOfBytes(toMacKey(extracted), info));
};
