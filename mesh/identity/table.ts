// Owns taking in a published table: nothing is believed before the signature, nothing is usable before shape, version
// and bounds hold. Must not decide where a table comes from or when it is swapped in.
import type { Directory } from "../contract/table.ts";
import { toBase64url } from "./base64url.ts";
import { readDirectory } from "./directory.ts";
import { digestOf } from "./digest.ts";
import type { ChunkBytes } from "./table-frame.ts";
import { readFrame, sliceChunks, wholeChunks } from "./table-frame.ts";

/** A table that may be used: its directory, and its chunks on demand. */
export interface OpenTable {
  readonly directory: Directory;
  /**
   * The parsed chunk of an id, hashed and parsed at its first use. Null where this table or slice has none, or its bytes
   * are not those the directory names. `T` is the asker's claim: what control signed is what it compiled.
   */
  chunk<T>(id: string): T | null;
  /** Chunks found wrong so far; each counts once. */
  badChunks(): number;
}

/** Why a table was refused; the word goes into the pulse's NACK. */
export type TableRefusal =
  | "bad_header"
  | "bad_signature"
  | "bad_directory"
  | "needs_newer_mesh"
  | "not_newer"
  | "bad_bounds";

export type TableOutcome =
  | { readonly ok: true; readonly table: OpenTable }
  | { readonly ok: false; readonly reason: TableRefusal };

export interface OpenOptions {
  /** The table in use: its parsed chunks are taken over where the hash is the same. */
  readonly previous?: OpenTable;
}

/** For the import of a key and for its use; each reads its own member. */
const ES256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const parsedOf = new WeakMap<OpenTable, ReadonlyMap<string, unknown>>();

/** Imports the public key of the table signature (ES256, JWK); null when it is not one. */
export const importTableKey = async (jwk: JsonWebKey): Promise<CryptoKey | null> => {
  const { kty, crv, x, y } = jwk;
  if (kty !== "EC" || crv !== "P-256" || x === undefined || y === undefined) return null;
  try {
    return await crypto.subtle.importKey("jwk", { kty, crv, x, y }, ES256, false, ["verify"]);
  } catch {
    return null;
  }
};

/** Opens a whole table or a slice whose version is above `currentVersion` (0 takes any). Never throws. */
export const openTable = async (
  bytes: Uint8Array,
  verifyKey: CryptoKey,
  currentVersion: number,
  options: OpenOptions = {},
): Promise<TableOutcome> => {
  const frame = readFrame(bytes);
  if (frame === null) return no("bad_header");
  if (!(await isSigned(verifyKey, frame.signature, frame.directory))) return no("bad_signature");
  const directory = readDirectory(parseJson(frame.directory));
  if (typeof directory === "string") return no(directory);
  if (directory.version <= currentVersion) return no("not_newer");
  const { list, body } = frame;
  const chunks =
    list === null ? wholeChunks(directory, body) : sliceChunks(directory, parseJson(list), body);
  if (chunks === null) return no("bad_bounds");
  const isWhole = list === null && (await digest(body)) === directory.body;
  return { ok: true, table: toTable(directory, chunks, isWhole, options.previous) };
};

const toTable = (
  directory: Directory,
  bytesOf: ChunkBytes,
  isWhole: boolean,
  previous: OpenTable | undefined,
): OpenTable => {
  const parsed = takeOver(directory, previous);
  let bad = 0;
  const load = (id: string): unknown => {
    const bytes = bytesOf(id);
    if (bytes === null) return null;
    const isRight = isWhole || digestOf(bytes) === directory.chunks[id]?.hash;
    const value = isRight ? parseJson(bytes) : null;
    if (value === null) bad += 1;
    parsed.set(id, value);
    return value;
  };
  const table: OpenTable = {
    directory,
    chunk<T>(id: string): T | null {
      const known = parsed.get(id);
      return (known === undefined ? load(id) : known) as T | null;
    },
    badChunks: () => bad,
  };
  parsedOf.set(table, parsed);
  return table;
};

// Values are copied, not the table, so that a chain of tables does not stay alive.
const takeOver = (directory: Directory, previous: OpenTable | undefined): Map<string, unknown> => {
  const parsed = new Map<string, unknown>();
  if (previous === undefined) return parsed;
  for (const [id, value] of parsedOf.get(previous) ?? []) {
    const isSame = directory.chunks[id]?.hash === previous.directory.chunks[id]?.hash;
    if (value !== null && isSame && Object.hasOwn(directory.chunks, id)) parsed.set(id, value);
  }
  return parsed;
};

/** As `digestOf`, by the platform: of much it is faster, of little it is slower. */
const digest = async (bytes: Uint8Array): Promise<string> =>
  toBase64url(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));

const isSigned = async (
  key: CryptoKey,
  signature: Uint8Array<ArrayBuffer>,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<boolean> => {
  try {
    return await crypto.subtle.verify(ES256, key, signature, bytes);
  } catch {
    return false;
  }
};

const parseJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(decoder.decode(bytes)) as unknown;
  } catch {
    return null;
  }
};

const no = (reason: TableRefusal): TableOutcome => ({ ok: false, reason });
