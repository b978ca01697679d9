// Owns the masters that deploy seeds derive from, in prepared, active and retired slots. A Worker is woven with the
// callee's half of all of them: it knows what whoever is woven after it, or was before, proves with.
import {
  type Slot,
  activeSlot,
  nextLook,
  slotState,
} from "../../mesh/algorithms/rotation/slots.ts";
import { SEED_LIFE_MS } from "../../mesh/contract/identity.ts";
import type { KeySlot } from "../../mesh/contract/state.ts";
import { type Row, number, text } from "../sql.ts";
import type { MasterKey } from "./masters.ts";
import type { KeyStore } from "./signing-keys.ts";

/** The next slot takes over this long after the one before. */
const STEP_MS = (SEED_LIFE_MS / 3) * 2;
/** So many are prepared: one may take over before its time, and its successor is known already. */
const AHEAD = 2;
/** So many that were active before are still taken. */
const BEHIND = 5;
const MASTER_BYTES = 32;
const LETTER = "s";

export interface Seeds {
  /** The active one first, then all others that a callee has to know. */
  good(): Promise<readonly [MasterKey, ...MasterKey[]]>;
  /** Those that are not revoked, in the order of their turns. */
  slots(): readonly KeySlot[];
  /** Lets the next slot take over; what was woven with earlier ones stays good until its end. */
  rotate(): Promise<string>;
  /** Makes what is due and drops what nobody is told of any more; answers when to come again. */
  prepare(): Promise<number>;
}

export function createSeeds(store: KeyStore): Seeds {
  adopt(store);
  const { sql, rows, clock } = store;
  const open = async ({ kid }: Slot): Promise<MasterKey> => {
    const row = rows.find(kid);
    if (!row) throw new Error(`seed ${kid} is gone`);
    return { kid, secret: await rows.open(row) };
  };
  return {
    async good() {
      const active = await ensure(store);
      const slots = slotsIn(store);
      const at = slots.findIndex(({ kid }) => kid === active.kid);
      const others = slots.slice(Math.max(0, at - BEHIND)).filter(({ kid }) => kid !== active.kid);
      return [await open(active), ...(await Promise.all(others.map(open)))];
    },
    slots() {
      const slots = slotsIn(store);
      const nowMs = clock.now();
      return slots.map((slot) => ({
        ...slot,
        purpose: "seed" as const,
        state: slotState(slot, slots, nowMs),
      }));
    },
    async rotate() {
      await ensure(store);
      const next = slotsIn(store).find(({ activeMs }) => activeMs > clock.now());
      if (!next) throw new Error("no seed is prepared");
      begin(store, next.kid);
      await ensure(store);
      return next.kid;
    },
    async prepare() {
      const active = await ensure(store);
      const slots = slotsIn(store);
      const at = slots.findIndex(({ kid }) => kid === active.kid);
      for (const { kid } of slots.slice(0, Math.max(0, at - BEHIND))) {
        sql.all("DELETE FROM slot WHERE kid = ?", kid);
        rows.forget(kid);
      }
      return nextLook(slotsIn(store), clock.now());
    },
  };
}

const slotsIn = ({ sql }: KeyStore): Slot[] =>
  sql
    .all(
      `SELECT * FROM slot WHERE kid GLOB ?
       AND kid NOT IN (SELECT value FROM revocation WHERE kind = 'kid') ORDER BY active_ms, number`,
      `${LETTER}*`,
    )
    .map(toSlot);

/** The active slot; made, and those after it prepared, where that is due. */
async function ensure(store: KeyStore): Promise<Slot> {
  const { clock } = store;
  for (;;) {
    const slots = slotsIn(store);
    const active = activeSlot(slots, clock.now());
    const ahead = slots.filter(({ activeMs }) => activeMs > clock.now());
    const [next] = ahead;
    if (active === null && next) begin(store, next.kid);
    else if (active === null) await make(store, clock.now());
    else if (ahead.length < AHEAD) await make(store, (ahead.at(-1) ?? active).activeMs + STEP_MS);
    else return active;
  }
}

/** From now on it is the active one. */
const begin = ({ sql, clock }: KeyStore, kid: string): void =>
  void sql.all(
    "UPDATE slot SET active_ms = ?, not_after_ms = ? WHERE kid = ?",
    clock.now(),
    clock.now() + SEED_LIFE_MS,
    kid,
  );

async function make(store: KeyStore, activeMs: number): Promise<void> {
  const { sql, rows, clock } = store;
  const newest = sql.all("SELECT MAX(number) AS n FROM slot WHERE kid GLOB ?", `${LETTER}*`)[0];
  const next = number(newest, "n") + 1;
  const kid = `${LETTER}${next}`;
  const notAfterMs = activeMs + SEED_LIFE_MS;
  await rows.keep({ kid, purpose: "seed", notAfterMs, secret: clock.random(MASTER_BYTES) });
  const times = [clock.now(), activeMs, notAfterMs] as const;
  sql.all("INSERT OR IGNORE INTO slot VALUES (?, ?, ?, ?, ?)", kid, next, ...times);
}

/** The first ones were made when seeds had no slots: each took over as it was made. */
function adopt({ sql, rows }: KeyStore): void {
  for (const row of rows.all().filter((one) => text(one, "purpose") === "seed")) {
    const kid = text(row, "kid");
    const madeMs = number(row, "created_ms");
    const times = [madeMs, madeMs, number(row, "not_after_ms")] as const;
    const at = Number(kid.slice(LETTER.length));
    sql.all("INSERT OR IGNORE INTO slot VALUES (?, ?, ?, ?, ?)", kid, at, ...times);
  }
}

const toSlot = (row: Row): Slot => ({
  kid: text(row, "kid"),
  preparedMs: number(row, "prepared_ms"),
  activeMs: number(row, "active_ms"),
  notAfterMs: number(row, "not_after_ms"),
});
