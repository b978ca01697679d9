// Owns the keys of one key set in look-up form, and which of an audience's keys holds at an instant. Pure.
import type { KeySet, WireKey } from "../contract/identity.ts";
import { EPOCH_MS, KEY_GRACE_MS } from "../contract/identity.ts";
import { fromWireKey } from "./derive.ts";
import type { KeyBytes } from "./secret.ts";

/** A key and its place among those of its kind. */
export interface HeldKey {
  readonly kid: string;
  /** Epoch of an `e` key, slot of an `s` key. */
  readonly order: number;
  readonly key: KeyBytes;
}

/** A key set's keys of one kind. */
export interface HeldKeys {
  /** The workload's own secrets by key id. */
  readonly audience: ReadonlyMap<string, HeldKey>;
  /** Pair seeds by audience, newest first. */
  readonly pairs: ReadonlyMap<string, readonly HeldKey[]>;
}

/** No keys. */
export const NO_KEYS: HeldKeys = { audience: new Map(), pairs: new Map() };

/** Reads the keys of one kind, `e` of epochs or `s` of the seed, and drops what is not a key. */
export const readKeys = (keys: KeySet, kind: "e" | "s"): HeldKeys => {
  const audience = new Map<string, HeldKey>();
  const pairs = new Map<string, readonly HeldKey[]>();
  for (const held of readList(keys.audience, kind)) audience.set(held.kid, held);
  for (const [name, list] of Object.entries(keys.pairs)) pairs.set(name, readList(list, kind));
  return { audience, pairs };
};

/** Until when an epoch's keys may be used where no newer ones can be had. */
export const graceEndMs = (epoch: number): number => (epoch + 1) * EPOCH_MS + KEY_GRACE_MS;

/** Of keys newest first: the current epoch's, else the newest past one in its grace, else the next one, else null. */
export const keyAt = (held: readonly HeldKey[], nowMs: number): HeldKey | null => {
  const epoch = Math.floor(nowMs / EPOCH_MS);
  const past = held.find((key) => key.order <= epoch);
  if (past !== undefined && nowMs < graceEndMs(past.order)) return past;
  return held.findLast((key) => key.order > epoch) ?? null;
};

const readList = (keys: readonly WireKey[], kind: "e" | "s"): readonly HeldKey[] => {
  const list: HeldKey[] = [];
  for (const wire of keys) {
    const key = fromWireKey(wire);
    const order = wire.kid.startsWith(kind) ? Number(wire.kid.slice(1)) : Number.NaN;
    if (key !== null && Number.isSafeInteger(order)) list.push({ kid: wire.kid, order, key });
  }
  return list.sort((left, right) => right.order - left.order);
};
