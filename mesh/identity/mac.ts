// Owns the message authentication code of the mesh: HMAC-SHA256 over length-prefixed fields, with the key's two
// midstates kept (a message then costs its own blocks and one more, about 1 µs). Must not know what the fields mean.
import { isBase64urlOf, toBase64url } from "./base64url.ts";
import { Secret } from "./secret.ts";
import { BLOCK_BYTES, DIGEST_BYTES, PADDING_BYTES, hmac, midstateOf } from "./sha256.ts";

/** An HMAC-SHA256 key as its two midstates. */
export type MacKey = Secret<{ readonly inner: Int32Array; readonly outer: Int32Array }>;

const encoder = new TextEncoder();
// Synchronous scratch space: written and read within one call, never across an await.
const tag = new Uint8Array(DIGEST_BYTES);
let scratch = new Uint8Array(1024);

/** Makes a MAC key of at most 64 bytes of key material. */
export const toMacKey = (key: Uint8Array): MacKey => {
  if (key.length > BLOCK_BYTES) throw new RangeError("a MAC key has at most 64 bytes");
  const pad = new Uint8Array(BLOCK_BYTES);
  pad.set(key);
  const inner = midstateOf(pad.map((byte) => byte ^ 0x36));
  const outer = midstateOf(pad.map((byte) => byte ^ 0x5c));
  return new Secret({ inner, outer });
};

/** The MAC of the fields in base64url; different field lists never give the same input (netstring framing). */
export const macOf = (key: MacKey, fields: readonly string[]): string => {
  sign(key, frame(fields));
  return toBase64url(tag);
};

/** Whether the text is what `macOf` gives, in time that depends on its length only. */
export const isMacOf = (key: MacKey, fields: readonly string[], text: string): boolean => {
  sign(key, frame(fields));
  return isBase64urlOf(text, tag);
};

/** The MAC of bytes, 32 bytes. */
export const macOfBytes = (key: MacKey, bytes: Uint8Array): Uint8Array<ArrayBuffer> => {
  reserve(0, bytes.length);
  scratch.set(bytes);
  sign(key, bytes.length);
  return tag.slice();
};

/**
 * The bytes that `macOf` covers: each field as its length in UTF-8 bytes in decimal, a colon, then the bytes.
 * A lone surrogate counts as U+FFFD, as it would on any wire.
 */
export const framed = (fields: readonly string[]): Uint8Array<ArrayBuffer> =>
  scratch.slice(0, frame(fields));

/** Compares two texts in time that depends on their lengths only. */
export const isEqualText = (left: string, right: string): boolean => {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let i = 0; i < left.length; i += 1) difference |= left.charCodeAt(i) ^ right.charCodeAt(i);
  return difference === 0;
};

/** Writes to `tag` the MAC of what stands in the scratch space. */
const sign = (key: MacKey, length: number): void => {
  const { inner, outer } = key.reveal();
  hmac(inner, outer, scratch, length, tag);
};

/** Writes the fields to the scratch space; gives their length. */
const frame = (fields: readonly string[]): number => {
  let at = 0;
  for (const field of fields) at = writeField(field, at);
  return at;
};

const writeField = (text: string, start: number): number => {
  const { length } = text;
  reserve(start, length);
  const bytes = scratch;
  const from = writeLength(length, start);
  for (let i = 0; i < length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return writeEncoded(encoder.encode(text), start);
    bytes[from + i] = code;
  }
  return from + length;
};

const writeEncoded = (encoded: Uint8Array, start: number): number => {
  reserve(start, encoded.length);
  const from = writeLength(encoded.length, start);
  scratch.set(encoded, from);
  return from + encoded.length;
};

const writeLength = (length: number, start: number): number => {
  const tens = length > 9 ? writeDigits(Math.floor(length / 10), start) : start;
  scratch[tens] = 0x30 + (length % 10);
  scratch[tens + 1] = 0x3a;
  return tens + 2;
};

const writeDigits = (number: number, start: number): number => {
  const at = number > 9 ? writeDigits(Math.floor(number / 10), start) : start;
  scratch[at] = 0x30 + (number % 10);
  return at + 1;
};

/** Room for so many bytes, their length and the padding. */
const reserve = (used: number, bytes: number): void => {
  const needed = used + bytes + 16 + PADDING_BYTES;
  if (needed <= scratch.length) return;
  const larger = new Uint8Array(needed * 2);
  larger.set(scratch.subarray(0, used));
  scratch = larger;
};
