// Owns keys that sign with ES256, in prepared, active and retired slots; what is signed with them is told elsewhere.
import {
  type Slot,
  activeSlot,
  nextLook,
  nextSlot,
  slotState,
} from "../../mesh/algorithms/rotation/slots.ts";
import type { KeySlot } from "../../mesh/contract/state.ts";
import type { Clock } from "../clock.ts";
import { type Row, type Sql, number, text } from "../sql.ts";
import type { SecretRows } from "./secret-rows.ts";

const ECDSA = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGN = { name: "ECDSA", hash: "SHA-256" } as const;

/** Of which kind the keys are. */
export interface KeyKind {
  readonly purpose: "token" | "table";
  /** One letter before the number of a key. */
  readonly letter: string;
  readonly lifeMs: number;
  /** A prepared key is known to all who verify after so long. */
  readonly hintMs: number;
}

/** What the keys are kept with. */
export interface KeyStore {
  readonly sql: Sql;
  readonly rows: SecretRows;
  readonly clock: Clock;
}

/** Public part of a key as it is kept. */
export type PublicKey = JsonWebKey & { readonly kid: string };

export interface Signed {
  readonly kid: string;
  readonly signature: Uint8Array;
}

export interface SigningKeys {
  /** Signs with the active key. */
  sign(bytes: Uint8Array): Promise<Signed>;
  /** The key that signs; made, and the next one prepared, where that is due. */
  active(): Promise<string>;
  /** Null: it was never there, or is gone. */
  publicKey(kid: string): PublicKey | null;
  /** Those that are not revoked, in the order of their turns. */
  slots(): readonly KeySlot[];
  /** Number of the newest. */
  newest(): number;
  /** Makes and drops what is due; answers when to come again. */
  prepare(): Promise<number>;
  /** Lets a new key take over: once verifiers know it, or at once. */
  rotate(isAtOnce: boolean): Promise<string>;
}

/** Told of each key that was made, before anything is signed with it. */
export type OnMade = (
  kid: string,
  sign: (number: number, bytes: Uint8Array) => Promise<Uint8Array>,
) => Promise<void>;

interface Held extends KeyStore {
  readonly kind: KeyKind;
  /** Opened private keys by key id. */
  readonly opened: Map<string, CryptoKey>;
  readonly onMade: OnMade;
}

export function createSigningKeys(
  kind: KeyKind,
  store: KeyStore,
  onMade: OnMade = async () => undefined,
): SigningKeys {
  const held: Held = { ...store, kind, onMade, opened: new Map() };
  const { sql, rows, clock } = store;
  return {
    async sign(bytes) {
      const { kid } = await ensure(held);
      return { kid, signature: await signWith(held, kid, bytes) };
    },
    active: async () => (await ensure(held)).kid,
    publicKey(kid) {
      const row = rows.find(kid);
      return row && { ...(JSON.parse(text(row, "public")) as JsonWebKey), kid };
    },
    slots() {
      const slots = slotsIn(held);
      const nowMs = clock.now();
      return slots.map((slot) => ({
        ...slot,
        purpose: kind.purpose,
        state: slotState(slot, slots, nowMs),
      }));
    },
    newest: () => newestNumber(held),
    async prepare() {
      await ensure(held);
      // The newest stays, so that no id is ever given twice.
      const gone = sql.all(
        "DELETE FROM slot WHERE kid GLOB ? AND not_after_ms < ? AND number < ? RETURNING kid",
        `${kind.letter}*`,
        clock.now(),
        newestNumber(held),
      );
      for (const row of gone) held.opened.delete(text(row, "kid"));
      rows.drop(kind.purpose, clock.now());
      return nextLook(slotsIn(held), clock.now());
    },
    rotate: (isAtOnce) => rotate(held, isAtOnce),
  };
}

const slotsIn = ({ sql, kind }: Held): Slot[] =>
  sql
    .all(
      `SELECT * FROM slot WHERE kid GLOB ?
       AND kid NOT IN (SELECT value FROM revocation WHERE kind = 'kid') ORDER BY active_ms`,
      `${kind.letter}*`,
    )
    .map(toSlot);

const newestNumber = ({ sql, kind }: Held): number =>
  number(sql.all("SELECT MAX(number) AS n FROM slot WHERE kid GLOB ?", `${kind.letter}*`)[0], "n");

async function make(held: Held, times: Omit<Slot, "kid">): Promise<string> {
  const { sql, rows, kind } = held;
  const pair = await crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new Error("no key pair was made");
  const secret = await crypto.subtle.exportKey("pkcs8", pair.privateKey);
  const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
  if (!(secret instanceof ArrayBuffer) || jwk instanceof ArrayBuffer) throw new Error("no key");
  const { preparedMs, activeMs, notAfterMs } = times;
  const next = newestNumber(held) + 1;
  const kid = `${kind.letter}${next}`;
  const { kty, crv, x, y } = jwk;
  await rows.keep({
    kid,
    purpose: kind.purpose,
    notAfterMs,
    secret: new Uint8Array(secret),
    publicKey: { kty, crv, x, y } as JsonWebKey,
  });
  await held.onMade(kid, (of, bytes) => signWith(held, `${kind.letter}${of}`, bytes));
  sql.all(
    "INSERT OR IGNORE INTO slot VALUES (?, ?, ?, ?, ?)",
    kid,
    next,
    preparedMs,
    activeMs,
    notAfterMs,
  );
  return kid;
}

async function ensure(held: Held): Promise<Slot> {
  const nowMs = held.clock.now();
  const due = nextSlot(slotsIn(held), nowMs, held.kind.lifeMs);
  if (due) await make(held, due);
  const active = activeSlot(slotsIn(held), nowMs);
  if (!active) throw new Error(`there is no active ${held.kind.purpose} key`);
  return active;
}

async function signWith(held: Held, kid: string, bytes: Uint8Array): Promise<Uint8Array> {
  const key = await privateKey(held, kid);
  return new Uint8Array(await crypto.subtle.sign(SIGN, key, new Uint8Array(bytes)));
}

async function privateKey({ rows, opened, kind }: Held, kid: string): Promise<CryptoKey> {
  const known = opened.get(kid);
  if (known) return known;
  const row = rows.find(kid);
  if (!row) throw new Error(`${kind.purpose} key ${kid} is gone`);
  const secret = await rows.open(row);
  const made = await crypto.subtle.importKey("pkcs8", secret, ECDSA, false, ["sign"]);
  opened.set(kid, made);
  return made;
}

async function rotate(held: Held, isAtOnce: boolean): Promise<string> {
  const { kind, clock, sql } = held;
  const nowMs = clock.now();
  const hintMs = isAtOnce ? 0 : kind.hintMs;
  const next = slotsIn(held).find((slot) => slot.activeMs > nowMs);
  if (!next) {
    const activeMs = nowMs + hintMs;
    return make(held, { preparedMs: nowMs, activeMs, notAfterMs: activeMs + kind.lifeMs });
  }
  const knownMs = Math.max(nowMs, next.preparedMs + hintMs);
  const activeMs = Math.min(next.activeMs, isAtOnce ? nowMs : knownMs);
  sql.all("UPDATE slot SET active_ms = ? WHERE kid = ?", activeMs, next.kid);
  return next.kid;
}

const toSlot = (row: Row): Slot => ({
  kid: text(row, "kid"),
  preparedMs: number(row, "prepared_ms"),
  activeMs: number(row, "active_ms"),
  notAfterMs: number(row, "not_after_ms"),
});
