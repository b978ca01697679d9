// Small tables, built and signed by a key of the test's own, and opened by it.
import { digestOf } from "../../../mesh/identity/digest.ts";
import { importTableKey, openTable, type OpenTable } from "../../../mesh/identity/table.ts";
import { writeSlice, writeTable } from "../../../mesh/identity/table-frame.ts";

export const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
export const CHUNKS = {
  "service:default/cart": { service: "default/cart", endpoints: [] },
  gateways: { listeners: [] },
  "host:a/b/c/*": { table: { rules: [] } },
};
export const DEFAULTS = {
  identity: { level: "session" },
  lease: { normalMs: 30_000, strictMs: 5000 },
  timeouts: { edgeMs: 15_000 },
  retry: {
    attempts: 1,
    codes: [502, 503, 504],
    backoffBaseMs: 25,
    backoffCapMs: 250,
    budgetRatio: 0.2,
    budgetCap: 3,
  },
  bulkhead: { maxInFlight: 100 },
  balance: "p2c",
} as const;

/** Signs the tables. */
export const keys = (await crypto.subtle.generateKey(ECDSA, true, [
  "sign",
  "verify",
])) as CryptoKeyPair;
const verifyKey = await importedKey();

async function importedKey(): Promise<CryptoKey> {
  const jwk = (await crypto.subtle.exportKey("jwk", keys.publicKey)) as JsonWebKey;
  const imported = await importTableKey({ ...jwk, kid: "t1", alg: "ES256" } as JsonWebKey);
  if (imported === null) throw new Error("no key");
  return imported;
}

export const bytesOf = (value: unknown): Uint8Array<ArrayBuffer> =>
  new Uint8Array(new TextEncoder().encode(JSON.stringify(value)));
interface Built {
  readonly whole: Uint8Array;
  readonly slice: (...ids: (keyof typeof CHUNKS)[]) => Uint8Array;
}

export const build = async (
  change: Record<string, unknown> = {},
  chunks: Record<string, unknown> = CHUNKS,
): Promise<Built> => {
  const parts = Object.entries(chunks).map(([id, value]) => ({ id, bytes: bytesOf(value) }));
  let offset = 0;
  const refs: Record<string, unknown> = {};
  for (const { id, bytes } of parts) {
    refs[id] = { hash: digestOf(bytes), offset, length: bytes.length };
    offset += bytes.length;
  }
  const directory = bytesOf({
    format: 1,
    mesh: "shop",
    trustDomain: "shop.example",
    version: 5,
    previous: 4,
    createdMs: 1,
    minMesh: 1,
    bypass: [{ feature: "retry" }, { feature: "of-a-later-build", service: "default/cart" }],
    defaults: DEFAULTS,
    levels: {},
    chunks: refs,
    ...change,
  });
  const signature = new Uint8Array(await crypto.subtle.sign(ECDSA, keys.privateKey, directory));
  return {
    whole: writeTable(
      directory,
      signature,
      parts.map(({ bytes }) => bytes),
    ),
    slice: (...ids) =>
      writeSlice(
        directory,
        signature,
        parts.filter(({ id }) => ids.some((wanted) => wanted === id)),
      ),
  };
};

export const open = async (
  bytes: Uint8Array,
  current = 0,
  previous?: OpenTable,
): Promise<OpenTable | string> => {
  const outcome = await openTable(
    bytes,
    verifyKey,
    current,
    previous === undefined ? {} : { previous },
  );
  return outcome.ok ? outcome.table : outcome.reason;
};
export const opened = async (
  bytes: Uint8Array,
  current = 0,
  previous?: OpenTable,
): Promise<OpenTable> => {
  const table = await open(bytes, current, previous);
  if (typeof table === "string") throw new Error(table);
  return table;
};
