// Owns the bytes of a table (docs/wire.md, "Table"): how a whole one and a slice are laid out, both ways.
//   whole   HEDDLE <directory bytes> <signature>\n                     directory, chunks back to back
//   slice   HEDDLE-SLICE <directory bytes> <signature> <list bytes>\n  directory, [[chunk id, length], …], those chunks
// A reader ignores further fields of the header, 160 bytes in all, and of an entry of the list.
// Must not believe anything it reads: hashes and signature are table.ts's.
import type { Directory } from "../contract/table.ts";
import { TABLE_MAGIC } from "../contract/table.ts";
import { fromBase64url, toBase64url } from "./base64url.ts";

/** A table taken apart, nothing verified. */
export interface TableFrame {
  /** r‖s, 64 bytes. */
  readonly signature: Uint8Array<ArrayBuffer>;
  /** The signed bytes. */
  readonly directory: Uint8Array<ArrayBuffer>;
  /** The list of a slice; null for a whole table. */
  readonly list: Uint8Array | null;
  /** Everything behind. */
  readonly body: Uint8Array;
}

/** The bytes of a chunk; null when it is not at hand. */
export type ChunkBytes = (id: string) => Uint8Array | null;

const HEADER: RegExp = new RegExp(
  `^${TABLE_MAGIC}(?: (\\d{1,9}) ([\\w-]{86})|-SLICE (\\d{1,9}) ([\\w-]{86}) (\\d{1,9}))(?: [!-~]+)*$`,
);
const MAX_HEADER_BYTES = 160;
const NEWLINE = 0x0a;
const encoder = new TextEncoder();

/** Takes a table or slice apart; null when its header or lengths are not right. */
export const readFrame = (bytes: Uint8Array): TableFrame | null => {
  const end = bytes.subarray(0, MAX_HEADER_BYTES).indexOf(NEWLINE);
  const header = HEADER.exec(String.fromCharCode(...bytes.subarray(0, Math.max(end, 0))));
  if (header === null) return null;
  const [, wholeBytes, wholeSignature, sliceBytes, sliceSignature, listBytes] = header;
  const directoryEnd = end + 1 + Number(wholeBytes ?? sliceBytes);
  const bodyStart = directoryEnd + Number(listBytes ?? 0);
  const signature = fromBase64url(wholeSignature ?? sliceSignature ?? "");
  if (signature === null || bodyStart > bytes.length) return null;
  return {
    signature,
    directory: new Uint8Array(bytes.subarray(end + 1, directoryEnd)),
    list: listBytes === undefined ? null : bytes.subarray(directoryEnd, bodyStart),
    body: bytes.subarray(bodyStart),
  };
};

/** The chunks of a whole table; null when one lies outside of it. */
export const wholeChunks = (directory: Directory, body: Uint8Array): ChunkBytes | null => {
  const { chunks } = directory;
  const isInside = Object.values(chunks).every(
    ({ offset, length }) => offset + length <= body.length,
  );
  if (!isInside) return null;
  return (id) => {
    const ref = Object.hasOwn(chunks, id) ? chunks[id] : undefined;
    return ref === undefined ? null : body.subarray(ref.offset, ref.offset + ref.length);
  };
};

/** The chunks of a slice; null when its list and its bytes do not agree with the directory. */
export const sliceChunks = (
  directory: Directory,
  list: unknown,
  body: Uint8Array,
): ChunkBytes | null => {
  if (!Array.isArray(list)) return null;
  const extents = new Map<string, Uint8Array>();
  let start = 0;
  for (const entry of list as readonly unknown[]) {
    const [id, length]: readonly unknown[] = Array.isArray(entry) ? entry : [];
    if (
      typeof id !== "string" ||
      typeof length !== "number" ||
      !Object.hasOwn(directory.chunks, id)
    )
      return null;
    if (directory.chunks[id]?.length !== length) return null;
    extents.set(id, body.subarray(start, start + length));
    start += length;
  }
  return start === body.length ? (id) => extents.get(id) ?? null : null;
};

/** Lays out a whole table; the chunks in the order of their offsets, without gaps. */
export const writeTable = (
  directory: Uint8Array,
  signature: Uint8Array,
  chunks: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> =>
  joined([
    encoder.encode(`${TABLE_MAGIC} ${directory.length} ${toBase64url(signature)}\n`),
    directory,
    ...chunks,
  ]);

/** Lays out a slice: the same signed directory, and only the chunks given. */
export const writeSlice = (
  directory: Uint8Array,
  signature: Uint8Array,
  chunks: readonly { readonly id: string; readonly bytes: Uint8Array }[],
): Uint8Array<ArrayBuffer> => {
  const list = encoder.encode(JSON.stringify(chunks.map(({ id, bytes }) => [id, bytes.length])));
  const header = `${TABLE_MAGIC}-SLICE ${directory.length} ${toBase64url(signature)} ${list.length}\n`;
  return joined([encoder.encode(header), directory, list, ...chunks.map(({ bytes }) => bytes)]);
};

const joined = (parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let start = 0;
  for (const part of parts) {
    whole.set(part, start);
    start += part.length;
  }
  return whole;
};
