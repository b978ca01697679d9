// Signed tables of a cloth: one service per Worker, as this build or another would write them.
import { webcrypto } from "node:crypto";
import { DEFAULTS } from "../../mesh/contract/defaults.ts";
import type { IdentityLevel } from "../../mesh/contract/identity.ts";
import type { ServiceChunk } from "../../mesh/contract/service.ts";
import type { Directory } from "../../mesh/contract/table.ts";
import { digestOf } from "../../mesh/identity/digest.ts";
import { writeTable } from "../../mesh/identity/table-frame.ts";

export const TRUST_DOMAIN = "cloth.example";

export const workloadOf = (name: string): string => `default/${name}`;

export interface TableOptions {
  readonly levels?: Readonly<Record<string, IdentityLevel>>;
  readonly workers: readonly { readonly name: string }[];
  /** Other chunks, by id. */
  readonly more?: Readonly<Record<string, unknown>>;
  /** The table as another build would write it. */
  readonly rewrite?: <T extends object>(json: T) => T;
  /** Its bytes, likewise. */
  readonly rewriteFrame?: (table: Uint8Array) => Uint8Array;
  /** A second table, version 2, told as another build would: plain Workers have it as `NEXT_TABLE`. */
  readonly next?: <T extends object>(json: T) => T;
}

/** Base64; the second one only where it is wanted. */
export async function signedTables(
  options: TableOptions,
): Promise<{ table: string; tableKey: JsonWebKey; nextTable: string | null }> {
  const pair = await webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
    "sign",
    "verify",
  ]);
  const { next } = options;
  const tableKey = await webcrypto.subtle.exportKey("jwk", pair.publicKey);
  return {
    tableKey: tableKey as JsonWebKey,
    table: await signedTable(options, 1, pair.privateKey),
    nextTable:
      next === undefined
        ? null
        : await signedTable({ ...options, rewrite: next }, 2, pair.privateKey),
  };
}

async function signedTable(
  {
    workers,
    levels = {},
    more = {},
    rewrite = (json) => json,
    rewriteFrame = (table) => table,
  }: TableOptions,
  version: number,
  key: webcrypto.CryptoKey,
): Promise<string> {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  const chunks: Record<string, Directory["chunks"][string]> = {};
  let offset = 0;
  const put = (id: string, chunk: object): void => {
    const bytes = encoder.encode(JSON.stringify(rewrite(chunk)));
    chunks[id] = { hash: digestOf(bytes), offset, length: bytes.length };
    offset += bytes.length;
    parts.push(bytes);
  };
  for (const { name } of workers) {
    const chunk: ServiceChunk = {
      service: workloadOf(name),
      ports: null,
      endpoints: [{ id: workloadOf(name), worker: workloadOf(name), weight: 1, labels: {} }],
      level: "session",
      balance: "p2c",
      maxInFlight: 1024,
      producer: null,
      consumer: null,
    };
    put(`service:${workloadOf(name)}`, chunk);
  }
  for (const [id, chunk] of Object.entries(more)) put(id, chunk as object);
  const directory: Directory = {
    format: 1,
    mesh: "cloth",
    trustDomain: TRUST_DOMAIN,
    version,
    previous: version - 1,
    createdMs: 0,
    minMesh: 1,
    bypass: [],
    defaults: DEFAULTS,
    splits: false,
    late:
      Object.keys(more).length > 0 ||
      Object.values(levels).some((level) => level === "request" || level === "strict"),
    levels: Object.fromEntries(
      Object.entries(levels).map(([name, level]) => [workloadOf(name), level]),
    ),
    chunks,
  };
  const bytes = encoder.encode(JSON.stringify(rewrite(directory)));
  const signature = await webcrypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, bytes);
  const table = writeTable(bytes, new Uint8Array(signature), parts);
  return Buffer.from(rewriteFrame(table)).toString("base64");
}
