// Owns the keys that workload identity tokens are signed with: ES256, in prepared, active and retired slots. The bundle
// names all three, so that a verifier knows a key before it is used and as long as a token of it can be good.
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

/** Life of a key. */
export const TOKEN_KEY_LIFE_MS = 7 * 86_400_000;
/** A verifier that keeps to the bundle's refresh hint knows a prepared key after so long. */
export const REFRESH_HINT_S = 300;

const ECDSA = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGN = { name: "ECDSA", hash: "SHA-256" } as const;

export interface TokenKeys {
  /** Signs with the active key. */
  sign(bytes: Uint8Array): Promise<{ readonly kid: string; readonly signature: Uint8Array }>;
  /** Public keys a token may be signed with now, active first; and a number that grows with every change. */
  bundle(): Promise<{ readonly keys: readonly JsonWebKey[]; readonly sequence: number }>;
  /** Those that are not revoked. */
  slots(): readonly KeySlot[];
  /** Makes and drops what is due; answers when to come again. */
  prepare(): Promise<number>;
  /** Lets a new key take over: once verifiers know it, or at once. */
  rotate(isAtOnce: boolean): Promise<string>;
}

/** What the keys are kept with. */
interface Store {
  readonly sql: Sql;
  readonly rows: SecretRows;
  readonly clock: Clock;
  /** Opened private keys by key id. */
  readonly opened: Map<string, CryptoKey>;
}

export function createTokenKeys(sql: Sql, rows: SecretRows, clock: Clock): TokenKeys {
  const store: Store = { sql, rows, clock, opened: new Map() };
  return {
    async sign(bytes) {
      const { kid } = await ensure(store);
      const key = await privateKey(store, kid);
      const signature = await crypto.subtle.sign(SIGN, key, new Uint8Array(bytes));
      return { kid, signature: new Uint8Array(signature) };
    },
    bundle: () => bundleOf(store),
    slots() {
      const slots = slotsIn(store);
      const nowMs = clock.now();
      return slots.map((slot) => ({
        ...slot,
        purpose: "token",
        state: slotState(slot, slots, nowMs),
      }));
    },
    async prepare() {
      await ensure(store);
      // The newest stays, so that no id is ever given twice.
      const gone = sql.all(
        `DELETE FROM slot WHERE not_after_ms < ? AND number < (SELECT MAX(number) FROM slot)
         RETURNING kid`,
        clock.now(),
      );
      for (const row of gone) store.opened.delete(text(row, "kid"));
      rows.drop("token", clock.now());
      return nextLook(slotsIn(store), clock.now());
    },
    rotate: (isAtOnce) => rotate(store, isAtOnce),
  };
}

const slotsIn = ({ sql }: Store): Slot[] =>
  sql
    .all(
      `SELECT * FROM slot WHERE kid NOT IN (SELECT value FROM revocation WHERE kind = 'kid')
       ORDER BY active_ms`,
    )
    .map(toSlot);

const newestNumber = ({ sql }: Store): number =>
  number(sql.all("SELECT MAX(number) AS n FROM slot")[0], "n");

async function make(store: Store, times: Omit<Slot, "kid">): Promise<string> {
  const { sql, rows } = store;
  const pair = await crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new Error("no key pair was made");
  const secret = await crypto.subtle.exportKey("pkcs8", pair.privateKey);
  const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
  if (!(secret instanceof ArrayBuffer) || jwk instanceof ArrayBuffer) throw new Error("no key");
  const { preparedMs, activeMs, notAfterMs } = times;
  const next = newestNumber(store) + 1;
  const kid = `w${next}`;
  const { kty, crv, x, y } = jwk;
  await rows.keep({
    kid,
    purpose: "token",
    notAfterMs,
    secret: new Uint8Array(secret),
    publicKey: { kty, crv, x, y } as JsonWebKey,
  });
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

/** The active key; made, and the next one prepared, where that is due. */
async function ensure(store: Store): Promise<Slot> {
  const nowMs = store.clock.now();
  const due = nextSlot(slotsIn(store), nowMs, TOKEN_KEY_LIFE_MS);
  if (due) await make(store, due);
  const active = activeSlot(slotsIn(store), nowMs);
  if (!active) throw new Error("there is no active token key");
  return active;
}

async function privateKey({ rows, opened }: Store, kid: string): Promise<CryptoKey> {
  const known = opened.get(kid);
  if (known) return known;
  const row = rows.find(kid);
  if (!row) throw new Error(`token key ${kid} is gone`);
  const secret = await rows.open(row);
  const made = await crypto.subtle.importKey("pkcs8", secret, ECDSA, false, ["sign"]);
  opened.set(kid, made);
  return made;
}

async function bundleOf(store: Store): ReturnType<TokenKeys["bundle"]> {
  const { sql, rows, clock } = store;
  const { kid: first } = await ensure(store);
  const kids = slotsIn(store)
    .filter(({ notAfterMs }) => clock.now() < notAfterMs)
    .map(({ kid }) => kid);
  const keys = [first, ...kids.filter((kid) => kid !== first)].flatMap((kid) => {
    const row = rows.find(kid);
    return row ? [{ ...(JSON.parse(text(row, "public")) as JsonWebKey), kid }] : [];
  });
  const revoked = sql.all("SELECT COUNT(*) AS n FROM revocation WHERE kind = 'kid'")[0];
  return { keys, sequence: newestNumber(store) + number(revoked, "n") };
}

async function rotate(store: Store, isAtOnce: boolean): Promise<string> {
  const nowMs = store.clock.now();
  const hintMs = isAtOnce ? 0 : REFRESH_HINT_S * 1000;
  const next = slotsIn(store).find((slot) => slot.activeMs > nowMs);
  if (!next) {
    const activeMs = nowMs + hintMs;
    return make(store, { preparedMs: nowMs, activeMs, notAfterMs: activeMs + TOKEN_KEY_LIFE_MS });
  }
  const knownMs = Math.max(nowMs, next.preparedMs + hintMs);
  const activeMs = Math.min(next.activeMs, isAtOnce ? nowMs : knownMs);
  store.sql.all("UPDATE slot SET active_ms = ? WHERE kid = ?", activeMs, next.kid);
  return next.kid;
}

const toSlot = (row: Row): Slot => ({
  kid: text(row, "kid"),
  preparedMs: number(row, "prepared_ms"),
  activeMs: number(row, "active_ms"),
  notAfterMs: number(row, "not_after_ms"),
});
