// Owns the keys one workload holds in memory: joined epochs first, the deploy seed behind them.
// Must not do I/O or read a clock. A small mutable object on purpose: the hot path is one Map.get.
import type { KeySet } from "../contract/identity.ts";
import { EPOCH_MS } from "../contract/identity.ts";
import type { PairKeys } from "./derive.ts";
import { pairKeys, pairSeed } from "./derive.ts";
import type { HeldKey, HeldKeys } from "./held-keys.ts";
import { NO_KEYS, graceEndMs, keyAt, readKeys } from "./held-keys.ts";
import type { KeyBytes } from "./secret.ts";

/** Callers whose derived keys are kept; the oldest goes first. */
const MAX_CALLERS = 1024;

/** The keys to prove with towards one audience. */
export interface PairUse {
  readonly kid: string;
  readonly keys: PairKeys;
  /** From the deploy seed: log it, count it, refuse it where the destination is strict. */
  readonly degraded: boolean;
}

/** The keys of one workload. */
export interface Keyring {
  readonly trustDomain: string;
  /** This workload, `ns/name`: subject of its calls, audience of those it takes. */
  readonly workload: string;
  /** Replaces the epoch keys; earlier epochs are forgotten unless the new set holds them. */
  join(keys: KeySet): void;
  /** Sets the deploy seed, valid until `notAfterMs`. */
  seed(keys: KeySet, notAfterMs: number): void;
  /** Gives keys of these ids out no more, nor takes them. */
  revoke(kids: ReadonlySet<string>): void;
  /** This workload's own secret of a key id; null when unknown or out of its time. */
  audienceKey(kid: string, nowMs: number): KeyBytes | null;
  /** Current epoch, else the newest within KEY_GRACE_MS, else the next one, else the seed, else null. */
  pairFor(audience: string, nowMs: number): PairUse | null;
  /** The seed's pair whatever the epochs hold, to answer `unknown_epoch`. */
  seedPairFor(audience: string, nowMs: number): PairUse | null;
  /** What a caller of this workload proves with, derived from our own secret; null when `audienceKey` is. */
  callerKeys(caller: string, kid: string, nowMs: number): PairKeys | null;
  /** Keeps derived keys of a caller. To be called once they verified something, never before. */
  keepCaller(caller: string, kid: string, keys: PairKeys): void;
}

interface ChosenPair {
  readonly use: PairUse;
  readonly fromMs: number;
  readonly untilMs: number;
}

interface RingState {
  epochs: HeldKeys;
  seeds: HeldKeys;
  seedUntilMs: number;
  revoked: ReadonlySet<string>;
  /** By audience: the pair of the running epoch. */
  readonly chosen: Map<string, ChosenPair>;
  /** By key id and audience: pairs in use, midstates made. */
  readonly uses: Map<string, PairUse>;
  /** By key id and caller: keys of callers that proved themselves. */
  readonly callers: Map<string, PairKeys>;
}

/** Makes the keyring of one workload, empty. */
export const createKeyring = (trustDomain: string, workload: string): Keyring => {
  const state: RingState = {
    epochs: NO_KEYS,
    seeds: NO_KEYS,
    seedUntilMs: 0,
    revoked: new Set(),
    chosen: new Map(),
    uses: new Map(),
    callers: new Map(),
  };
  return {
    trustDomain,
    workload,
    join(keys) {
      state.epochs = readKeys(keys, "e");
      forget(state);
    },
    seed(keys, notAfterMs) {
      state.seeds = readKeys(keys, "s");
      state.seedUntilMs = notAfterMs;
      forget(state);
    },
    revoke(kids) {
      if (kids.size > state.revoked.size) state.chosen.clear();
      state.revoked = kids;
    },
    audienceKey: (kid, nowMs) => audienceKey(state, kid, nowMs),
    pairFor: (audience, nowMs) => pairFor(state, audience, nowMs),
    seedPairFor: (audience, nowMs) => seedPairFor(state, audience, nowMs),
    callerKeys(caller, kid, nowMs) {
      const secret = audienceKey(state, kid, nowMs);
      if (secret === null) return null;
      const known = state.callers.get(`${kid}~${caller}`);
      return known ?? pairKeys(pairSeed(secret, trustDomain, caller, workload));
    },
    keepCaller: (caller, kid, keys) => keepCaller(state, `${kid}~${caller}`, keys),
  };
};

const audienceKey = (state: RingState, kid: string, nowMs: number): KeyBytes | null => {
  if (state.revoked.has(kid)) return null;
  const epoch = state.epochs.audience.get(kid);
  if (epoch !== undefined) return nowMs < graceEndMs(epoch.order) ? epoch.key : null;
  const seed = nowMs < state.seedUntilMs ? state.seeds.audience.get(kid) : undefined;
  return seed?.key ?? null;
};

const pairFor = (state: RingState, audience: string, nowMs: number): PairUse | null => {
  const known = state.chosen.get(audience);
  if (known !== undefined && nowMs >= known.fromMs && nowMs < known.untilMs) return known.use;
  const held = keyAt(state.epochs.pairs.get(audience) ?? [], nowMs);
  if (held === null || state.revoked.has(held.kid)) return seedPairFor(state, audience, nowMs);
  const use = useOf(state, audience, held);
  // Ends of grace are ends of epochs, so a choice holds for the running epoch.
  const fromMs = Math.floor(nowMs / EPOCH_MS) * EPOCH_MS;
  state.chosen.set(audience, { use, fromMs, untilMs: fromMs + EPOCH_MS });
  return use;
};

const seedPairFor = (state: RingState, audience: string, nowMs: number): PairUse | null => {
  const held = nowMs < state.seedUntilMs ? state.seeds.pairs.get(audience)?.[0] : undefined;
  return held === undefined || state.revoked.has(held.kid) ? null : useOf(state, audience, held);
};

const useOf = (state: RingState, audience: string, held: HeldKey): PairUse => {
  const name = `${held.kid}~${audience}`;
  const known = state.uses.get(name);
  if (known !== undefined) return known;
  const use = { kid: held.kid, keys: pairKeys(held.key), degraded: held.kid.startsWith("s") };
  state.uses.set(name, use);
  return use;
};

const keepCaller = ({ callers }: RingState, name: string, keys: PairKeys): void => {
  if (callers.has(name)) return;
  if (callers.size >= MAX_CALLERS) callers.delete(callers.keys().next().value ?? "");
  callers.set(name, keys);
};

const forget = ({ chosen, uses, callers }: RingState): void => {
  for (const cache of [chosen, uses, callers]) cache.clear();
};
