// Owns the state of one circuit for the whole edge: closed, open, half-open by numbered leases, isolated by hand.
import type { BreakerDelta, CircuitState, ProbeResult } from "../../contract/pulse.ts";
import type { BreakerPolicy } from "../../contract/table.ts";
import { BURST_FACTOR, BURST_SHARE, hasCalls, isEnough } from "./evidence.ts";
import { addCounts, countsOf, emptyWindow, roll, type Counts, type CountWindow } from "./window.ts";

/** A probe that nobody told the end of is lost after this long, and its round with it. */
export const LEASE_MS = 15_000;
/** For this long after a change of state, what was counted under another generation is not believed. */
export const STALE_MS = 10_000;
/** After a restart it opens on nothing it counted in less than this share of its window. */
const LEARNING_SHARE = BURST_SHARE;
/** Numbers that may have been given out and were not written. */
const LOST_LEASES = 1_000_000;
/** A caller that opened it alone, against what others saw, is not believed alone for this long: until they have told. */
export const DOUBT_MS = 30_000;
/** So many good probes of others show that. */
const MOST_AGAINST = 2;
/** Callers remembered; past it the longest silent one is forgotten. */
const MOST_CALLERS = 256;

interface Caller {
  readonly burst: CountWindow;
  readonly long: CountWindow;
  run: number;
}

/** What must outlive a restart. */
export interface BreakerRecord {
  readonly state: CircuitState;
  readonly generation: number;
  /** Length of the open period, ms. */
  readonly openMs: number;
  readonly sinceMs: number;
  /** When leases are given out. */
  readonly probeAtMs: number;
  readonly nextLease: number;
}

/** The state of one circuit, changed in place. */
export interface Breaker {
  state: CircuitState;
  generation: number;
  openMs: number;
  sinceMs: number;
  probeAtMs: number;
  nextLease: number;
  /** Leases of this round that are out, and when each is lost. */
  readonly leases: Map<number, number>;
  /** Probes of this round that were good, and those that reached the endpoint and say nothing of it. */
  good: number;
  mute: number;
  readonly callers: Map<string, Caller>;
  learnsUntilMs: number;
  /** Who opened it, where there was nobody else. */
  by: string | null;
  /** Leases that were out when a bad probe of that caller ended their round. */
  readonly outlived: Set<number>;
  /** A probe of that caller was bad since; and how many of others were good, with none bad behind them. */
  isBadAgain: boolean;
  against: number;
  /** Who was found to be wrong alone, and until when that is remembered. */
  doubted: { readonly caller: string; readonly untilMs: number } | null;
}

/** A circuit that never changed its state. */
export const newBreaker = (nowMs: number): Breaker => ({
  state: "closed",
  generation: 0,
  openMs: 0,
  sinceMs: nowMs,
  probeAtMs: 0,
  nextLease: 1,
  leases: new Map(),
  good: 0,
  mute: 0,
  callers: new Map(),
  learnsUntilMs: 0,
  by: null,
  outlived: new Set(),
  isBadAgain: false,
  against: 0,
  doubted: null,
});

/** A circuit after a restart: its counts are gone and must be learned; a round that was under way is lost. */
export const restoreBreaker = (
  record: BreakerRecord,
  policy: BreakerPolicy,
  nowMs: number,
  random: () => number,
): Breaker => {
  const breaker = { ...newBreaker(nowMs), ...record };
  breaker.learnsUntilMs = nowMs + policy.windowMs * LEARNING_SHARE;
  breaker.nextLease += LOST_LEASES;
  if (breaker.state === "half_open") open(breaker, breaker.openMs, nowMs, random);
  return breaker;
};

export const recordOf = (breaker: Breaker): BreakerRecord => {
  const { state, generation, openMs, sinceMs, probeAtMs, nextLease } = breaker;
  return { state, generation, openMs, sinceMs, probeAtMs, nextLease };
};

/** Takes what one isolate of a caller has seen. */
export const takeDelta = (
  breaker: Breaker,
  caller: string,
  delta: BreakerDelta,
  policy: BreakerPolicy,
  nowMs: number,
  random: () => number,
): void => {
  for (const probe of delta.probes) takeProbe(breaker, caller, probe, policy, nowMs, random);
  if (breaker.state !== "closed") return;
  if (delta.generation !== breaker.generation && nowMs - breaker.sinceMs < STALE_MS) return;
  remember(breaker, caller, delta, policy, nowMs);
  if (nowMs < breaker.learnsUntilMs || delta.failed + delta.held + delta.slow === 0) return;
  if (!shouldOpen(breaker, policy, nowMs)) return;
  const by = speakersOf(breaker).length < 2 ? caller : null;
  open(breaker, policy.baseOpenMs, nowMs, random);
  Object.assign(breaker, { by, isBadAgain: false, against: 0 });
};

/** A lease of a probe, or 0: not open, not yet, or as many out as there may be. */
export const grantLease = (
  breaker: Breaker,
  policy: BreakerPolicy,
  nowMs: number,
  random: () => number,
): number => {
  expire(breaker, nowMs, random);
  if (breaker.state === "open" && nowMs >= breaker.probeAtMs) {
    // What was bad when nobody else was seen to be well says nothing of now.
    if (breaker.against === 0) breaker.isBadAgain = false;
    enter(breaker, "half_open", nowMs);
  }
  if (breaker.state !== "half_open") return 0;
  if (breaker.leases.size + breaker.good + breaker.mute >= policy.probes) return 0;
  const lease = breaker.nextLease++;
  breaker.leases.set(lease, nowMs + LEASE_MS);
  return lease;
};

/** Ends a round of which a probe was lost: nothing is known, so it opens for as long again. */
export const expire = (breaker: Breaker, nowMs: number, random: () => number): void => {
  if (breaker.state !== "half_open") return;
  for (const lostMs of breaker.leases.values())
    if (nowMs >= lostMs) return open(breaker, breaker.openMs, nowMs, random);
};

/** Holds a circuit open by hand. */
export const trip = (breaker: Breaker, nowMs: number): void => {
  if (breaker.state !== "isolated") enter(breaker, "isolated", nowMs);
};

/** Closes a circuit by hand, and forgets what it counted. */
export const reset = (breaker: Breaker, nowMs: number): void => {
  breaker.callers.clear();
  if (breaker.state !== "closed") enter(breaker, "closed", nowMs);
};

function takeProbe(
  breaker: Breaker,
  caller: string,
  { lease, isOk, isUnused = false }: ProbeResult,
  policy: BreakerPolicy,
  nowMs: number,
  random: () => number,
): void {
  const isLate = breaker.outlived.delete(lease);
  const isDue = breaker.state === "half_open" && breaker.leases.delete(lease);
  if (!isLate && !isDue) return;
  if (isContradicted(breaker, caller, isOk)) return doubt(breaker, nowMs);
  if (isLate) return;
  if (isOk === false) return openAgain(breaker, caller, policy, nowMs, random);
  if (isOk === true) breaker.good += 1;
  else if (isUnused) return;
  else breaker.mute += 1;
  if (breaker.good + breaker.mute < policy.probes) return;
  if (breaker.good > 0) return enter(breaker, "closed", nowMs);
  // Nothing speaks for closing, and nothing for waiting longer: others may get the next leases.
  open(breaker, breaker.openMs, nowMs, random, policy.baseOpenMs);
}

/** A bad probe ends its round. */
function openAgain(
  breaker: Breaker,
  caller: string,
  policy: BreakerPolicy,
  nowMs: number,
  random: () => number,
): void {
  const others = caller === breaker.by ? [...breaker.leases.keys()] : [];
  open(breaker, Math.min(policy.maxOpenMs, breaker.openMs * 2), nowMs, random);
  for (const other of others) breaker.outlived.add(other);
}

/** Whether who opened it alone still fails, and others do not. */
function isContradicted(breaker: Breaker, caller: string, isOk: boolean | null): boolean {
  if (breaker.by === null || isOk === null) return false;
  if (caller !== breaker.by) breaker.against = isOk ? breaker.against + 1 : 0;
  else if (!isOk) breaker.isBadAgain = true;
  return breaker.isBadAgain && breaker.against >= MOST_AGAINST;
}

/** It is the caller's own trouble, and not the others'. */
function doubt(breaker: Breaker, nowMs: number): void {
  const { by } = breaker;
  if (by !== null) breaker.doubted = { caller: by, untilMs: nowMs + DOUBT_MS };
  enter(breaker, "closed", nowMs);
}

function open(
  breaker: Breaker,
  openMs: number,
  nowMs: number,
  random: () => number,
  waitMs: number = openMs,
): void {
  enter(breaker, "open", nowMs);
  breaker.openMs = openMs;
  // A fifth of jitter to both sides, so that circuits that opened together do not probe together.
  breaker.probeAtMs = nowMs + waitMs * (0.8 + 0.4 * random());
}

function enter(breaker: Breaker, state: CircuitState, nowMs: number): void {
  breaker.state = state;
  breaker.generation += 1;
  breaker.sinceMs = nowMs;
  breaker.leases.clear();
  breaker.good = 0;
  breaker.mute = 0;
  breaker.outlived.clear();
  breaker.callers.clear();
}

function remember(
  breaker: Breaker,
  name: string,
  delta: BreakerDelta,
  { windowMs }: BreakerPolicy,
  nowMs: number,
): void {
  const { callers } = breaker;
  const caller = callers.get(name) ?? { burst: emptyWindow(), long: emptyWindow(), run: 0 };
  callers.delete(name);
  callers.set(name, caller);
  const silent = callers.size > MOST_CALLERS ? callers.keys().next() : null;
  if (silent?.value !== undefined) callers.delete(silent.value);
  roll(caller.burst, windowMs * BURST_SHARE, nowMs);
  roll(caller.long, windowMs, nowMs);
  // What isolates held back would have failed too; else those that act fast would hide what they act upon.
  addCounts(caller.burst, withHeld(delta.recent ?? delta, delta.held));
  addCounts(caller.long, withHeld(delta, delta.held));
  if (delta.ok > 0) for (const each of callers.values()) each.run = 0;
  caller.run = delta.ok > 0 ? delta.run : caller.run + delta.failed;
}

const withHeld = ({ ok, failed, slow }: Counts, held: number): Counts => ({
  ok,
  failed: failed + held,
  slow,
});

function shouldOpen(breaker: Breaker, policy: BreakerPolicy, nowMs: number): boolean {
  const { windowMs, minimumCalls } = policy;
  const callers = [...breaker.callers.values()];
  for (const caller of callers) {
    roll(caller.burst, windowMs * BURST_SHARE, nowMs);
    roll(caller.long, windowMs, nowMs);
  }
  const speakers = speakersOf(breaker);
  const { doubted } = breaker;
  const isDoubted = doubted !== null && nowMs < doubted.untilMs && speakers[0] === doubted.caller;
  const isAlone = speakers.length < 2 && !isDoubted;
  const within = (pick: (caller: Caller) => CountWindow, least: number): boolean =>
    isEnough(
      callers.map((caller) => ({ ...countsOf(pick(caller)), run: caller.run })),
      policy,
      least,
      isAlone,
    );
  return (
    within(({ burst }) => burst, minimumCalls * BURST_FACTOR) ||
    within(({ long }) => long, minimumCalls)
  );
}

/** Who made calls within the window. */
const speakersOf = ({ callers }: Breaker): readonly string[] =>
  [...callers].flatMap(([name, { long }]) => (hasCalls(countsOf(long)) ? [name] : []));
