// Owns the message authentication code of the mesh: HMAC-SHA256 over length-prefixed fields, with the key's two
// midstates kept (a message then costs its own blocks and one more, about 1 µs). Must not know what the fields mean.
import { isBase64urlOf, toBase64url } from "./base64url.ts";
import { Secret } from "./secret.ts";
import { BLOCK_BYTES, DIGEST_BYTES, finishMidstate, midstateOf } from "./sha256.ts";

/** An HMAC-SHA256 key as its two midstates. */
export type MacKey = Secret<{ readonly inner: Int32Array; readonly outer: Int32Array }>;

const encoder = new TextEncoder();
// Synchronous scratch space: written and read within one call, never across an await.
const tag = new Uint8Array(DIGEST_BYTES);
let scratch = new Uint8Array(1024);
let used = 0;

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
  frame(fields);
  sign(key, scratch, used);
  return toBase64url(tag);
};

/** Whether the text is what `macOf` gives, in time that depends on its length only. */
export const isMacOf = (key: MacKey, fields: readonly string[], text: string): boolean => {
  frame(fields);
  sign(key, scratch, used);
  return isBase64urlOf(text, tag);
};

/** The MAC of bytes, 32 bytes. */
export const macOfBytes = (key: MacKey, bytes: Uint8Array): Uint8Array<ArrayBuffer> => {
  sign(key, bytes, bytes.length);
  return tag.slice();
};

/**
 * The bytes that `macOf` covers: each field as its length in UTF-8 bytes in decimal, a colon, then the bytes.
 * A lone surrogate counts as U+FFFD, as it would on any wire.
 */
export const framed = (fields: readonly string[]): Uint8Array<ArrayBuffer> => {
  frame(fields);
  return scratch.slice(0, used);
};

/** Compares two texts in time that depends on their lengths only. */
export const isEqualText = (left: string, right: string): boolean => {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let i = 0; i < left.length; i += 1) difference |= left.charCodeAt(i) ^ right.charCodeAt(i);
  return difference === 0;
};

const sign = (key: MacKey, bytes: Uint8Array, length: number): void => {
  const { inner, outer } = key.reveal();
  finishMidstate(inner, bytes, length, tag);
  finishMidstate(outer, tag, DIGEST_BYTES, tag);
};

const frame = (fields: readonly string[]): void => {
  used = 0;
  for (const field of fields) writeField(field);
};

const writeField = (text: string): void => {
  reserve(text.length);
  const start = used;
  writeLength(text.length);
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) {
      used = start;
      writeEncoded(encoder.encode(text));
      return;
    }
    scratch[used] = code;
    used += 1;
  }
};

const writeEncoded = (bytes: Uint8Array): void => {
  reserve(bytes.length);
  writeLength(bytes.length);
  scratch.set(bytes, used);
  used += bytes.length;
};

const writeLength = (length: number): void => {
  const digits = String(length);
  for (let i = 0; i < digits.length; i += 1) {
    scratch[used] = digits.charCodeAt(i);
    used += 1;
  }
  scratch[used] = 0x3a;
  used += 1;
};

const reserve = (bytes: number): void => {
  const needed = used + bytes + 16;
  if (needed <= scratch.length) return;
  const larger = new Uint8Array(needed * 2);
  larger.set(scratch.subarray(0, used));
  scratch = larger;
};
