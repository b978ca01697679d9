// Owns the master secrets audiences derive from: one per epoch, made ahead of its beginning and retired two hours after
// its end. Those of deploy seeds have slots (seeds.ts).
import { EPOCH_MS } from "../../mesh/contract/identity.ts";
import type { Clock } from "../clock.ts";
import type { SecretRows } from "./secret-rows.ts";

/** An epoch's master is dropped this long after its end: nobody may ask for it again. */
const KEEP_EPOCH_MS = 2 * EPOCH_MS;
/** The alarm comes this long before the next epoch begins. */
const AHEAD_MS = EPOCH_MS / 4;
const MASTER_BYTES = 32;

export interface MasterKey {
  readonly kid: string;
  readonly secret: Uint8Array<ArrayBuffer>;
}

export interface Masters {
  /** Masters of the epochs e-1, e and e+1 at this instant. */
  epochs(): Promise<MasterKey[]>;
  /** Makes what the next hours need and drops what is past; answers when to come again. */
  prepare(): Promise<number>;
}

export function createMasters(rows: SecretRows, clock: Clock): Masters {
  const current = (): number => Math.floor(clock.now() / EPOCH_MS);

  async function epoch(number: number): Promise<MasterKey> {
    const kid = `e${number}`;
    const notAfterMs = (number + 1) * EPOCH_MS;
    const row =
      rows.find(kid) ??
      (await rows.keep({ kid, purpose: "epoch", notAfterMs, secret: clock.random(MASTER_BYTES) }));
    return { kid, secret: await rows.open(row) };
  }

  return {
    async epochs() {
      const keys: MasterKey[] = [];
      for (const offset of [-1, 0, 1]) keys.push(await epoch(current() + offset));
      return keys;
    },
    async prepare() {
      for (const offset of [0, 1, 2]) await epoch(current() + offset);
      rows.drop("epoch", clock.now() - KEEP_EPOCH_MS);
      const beginsMs = (current() + 1) * EPOCH_MS;
      return beginsMs - AHEAD_MS > clock.now()
        ? beginsMs - AHEAD_MS
        : beginsMs + EPOCH_MS - AHEAD_MS;
    },
  };
}
