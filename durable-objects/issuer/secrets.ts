// Owns Issuer's secrets: one table key, a master per epoch, a master per deploy-seed slot. Made at first need or ahead
// of it, sealed at rest, kept open in memory; a slot is prepared, active, then retired.
import { EPOCH_MS } from "../../mesh/contract/identity.ts";
import type { Clock } from "../clock.ts";
import { type Row, type Sql, blob, text, toBlob } from "../sql.ts";
import type { Seal } from "./seal.ts";

/** How long a deploy seed may be used. */
export const SEED_MS = 90 * 86_400_000;
/** The next seed slot becomes active this long before the active one ends. */
const SEED_OVERLAP_MS = 30 * 86_400_000;
/** An epoch's master is dropped this long after its end: nobody may ask for it again. */
const KEEP_EPOCH_MS = 2 * EPOCH_MS;
const MASTER_BYTES = 32;
const ECDSA = { name: "ECDSA", namedCurve: "P-256" } as const;

export interface MasterKey {
  readonly kid: string;
  readonly secret: Uint8Array<ArrayBuffer>;
}

export interface TableKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: JsonWebKey & { readonly kid: string };
}

export interface Secrets {
  tableKey(): Promise<TableKey>;
  /** Masters of the epochs e-1, e and e+1 at this instant. */
  epochs(): Promise<MasterKey[]>;
  /** The master of the active seed slot. */
  seed(): Promise<MasterKey>;
  /** Makes what the next hours need and drops what is past; answers when to come again. */
  prepare(): Promise<number>;
}

type Purpose = "table" | "epoch" | "seed";

export function createSecrets(sql: Sql, seal: Seal, clock: Clock): Secrets {
  const opened = new Map<string, Uint8Array<ArrayBuffer>>();
  let tableKey: TableKey | null = null;

  async function open(row: Row): Promise<Uint8Array<ArrayBuffer>> {
    const kid = text(row, "kid");
    const known = opened.get(kid);
    if (known) return known;
    const secret = await seal.open(kid, { iv: blob(row, "iv"), sealed: blob(row, "sealed") });
    opened.set(kid, secret);
    return secret;
  }

  /** Stores a new secret; where another call was faster, its secret stays. */
  async function make(
    kid: string,
    purpose: Purpose,
    notAfterMs: number,
    secret: Uint8Array<ArrayBuffer>,
    publicKey: JsonWebKey | null = null,
  ): Promise<Row> {
    const { iv, sealed } = await seal.seal(kid, secret);
    sql.all(
      "INSERT OR IGNORE INTO secret VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      kid,
      purpose,
      "active",
      clock.now(),
      notAfterMs,
      publicKey && JSON.stringify(publicKey),
      toBlob(iv),
      toBlob(sealed),
    );
    return find(kid);
  }

  function find(kid: string): Row {
    const [row] = sql.all("SELECT * FROM secret WHERE kid = ?", kid);
    if (!row) throw new Error(`no key ${kid}`);
    return row;
  }

  async function epoch(number: number): Promise<MasterKey> {
    const kid = `e${number}`;
    const [row] = sql.all("SELECT * FROM secret WHERE kid = ?", kid);
    const endMs = (number + 1) * EPOCH_MS;
    const found = row ?? (await make(kid, "epoch", endMs, clock.random(MASTER_BYTES)));
    return { kid, secret: await open(found) };
  }

  async function seed(): Promise<MasterKey> {
    const [row] = sql.all(
      "SELECT * FROM secret WHERE purpose = 'seed' AND not_after_ms > ? ORDER BY created_ms DESC LIMIT 1",
      clock.now() + SEED_OVERLAP_MS,
    );
    const count = sql.all("SELECT kid FROM secret WHERE purpose = 'seed'").length;
    const found =
      row ??
      (await make(`s${count + 1}`, "seed", clock.now() + SEED_MS, clock.random(MASTER_BYTES)));
    return { kid: text(found, "kid"), secret: await open(found) };
  }

  const current = (): number => Math.floor(clock.now() / EPOCH_MS);

  return {
    seed,
    epochs: async () => {
      const now = current();
      const keys: MasterKey[] = [];
      for (const number of [now - 1, now, now + 1]) keys.push(await epoch(number));
      return keys;
    },
    async tableKey() {
      if (tableKey) return tableKey;
      const [row] = sql.all("SELECT * FROM secret WHERE purpose = 'table' AND state = 'active'");
      const found = row ?? (await makeTableKey(make));
      tableKey = await importTableKey(found, await open(found));
      return tableKey;
    },
    async prepare() {
      const nowMs = clock.now();
      for (const number of [0, 1, 2]) await epoch(current() + number);
      await seed();
      const pastMs = nowMs - KEEP_EPOCH_MS;
      for (const row of sql.all(
        "DELETE FROM secret WHERE purpose = 'epoch' AND not_after_ms < ? RETURNING kid",
        pastMs,
      )) {
        opened.delete(text(row, "kid"));
      }
      return (current() + 1) * EPOCH_MS - EPOCH_MS / 4;
    },
  };
}

async function makeTableKey(
  make: (
    kid: string,
    purpose: Purpose,
    notAfterMs: number,
    secret: Uint8Array<ArrayBuffer>,
    publicKey: JsonWebKey,
  ) => Promise<Row>,
): Promise<Row> {
  const pair = await crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new Error("no key pair");
  const secret = await crypto.subtle.exportKey("pkcs8", pair.privateKey);
  const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
  if (!(secret instanceof ArrayBuffer) || jwk instanceof ArrayBuffer) throw new Error("no key");
  const { kty = "", crv = "", x = "", y = "" } = jwk;
  const publicKey = { kty, crv, x, y, alg: "ES256", use: "sig" };
  return make("t1", "table", Number.MAX_SAFE_INTEGER, new Uint8Array(secret), publicKey);
}

async function importTableKey(row: Row, secret: Uint8Array<ArrayBuffer>): Promise<TableKey> {
  const kid = text(row, "kid");
  const privateKey = await crypto.subtle.importKey("pkcs8", secret, ECDSA, false, ["sign"]);
  const publicKey = { ...(JSON.parse(text(row, "public")) as JsonWebKey), kid };
  return { kid, privateKey, publicKey };
}
