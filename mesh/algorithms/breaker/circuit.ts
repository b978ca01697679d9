// Owns a circuit as one isolate sees it: what the object said last, its own quick judgement, and what is to be told.
import type { BreakerDelta, CircuitState, ProbeResult, Verdict } from "../../contract/pulse.ts";
import { addCounts, countsOf, emptyWindow, roll, type CountWindow } from "./window.ts";

/** An open circuit is asked about as often at most, ms. */
export const ASK_EVERY_MS = 1000;
/** A call with less left asks for no lease. */
export const ASK_LEAST_LEFT_MS = 100;
/** What nobody has confirmed for this long is forgotten. */
const FORGET_MS = 30_000;
/** The isolate's own judgement: its windows, the calls each asks for, and how long it holds. */
const SHORT_MS = 2000;
const SHORT_CALLS = 20;
const LONG_MS = 10_000;
const LONG_CALLS = 10;
/** What counts as recent in what the object is told. */
const RECENT_MS = 1000;
const OWN_OPEN_MS = 2000;
/** A lease that came late waits as long for a call to use it. */
const SPARE_MS = 5000;
const OWN_MOST_MS = 60_000;

/** The state of one circuit in one isolate, changed in place. */
export interface Circuit {
  readonly object: string;
  state: CircuitState;
  generation: number;
  /** When that was learned: a call that began before says nothing of what holds since. */
  newsMs: number;
  /** When leases are given out, by this isolate's clock. */
  probeAtMs: number;
  heardMs: number;
  askedMs: number;
  readonly short: CountWindow;
  readonly long: CountWindow;
  /** Whatever the state. */
  readonly recent: CountWindow;
  /** Open by the isolate's own judgement until then; 0 is not. */
  ownUntilMs: number;
  ownOpenMs: number;
  ok: number;
  failed: number;
  slow: number;
  held: number;
  run: number;
  /** Of both, those that were retries; and retries that were held back. */
  retries: number;
  withheld: number;
  probes: ProbeResult[];
  /** A lease that came too late for the call that asked; 0 is none. */
  spare: number;
  spareUntilMs: number;
}

/** Counts that nobody has to be told of: there are none. */
const NOTHING_TO_TELL = { ok: 0, failed: 0, slow: 0, held: 0, run: 0, retries: 0, withheld: 0 };

export const newCircuit = (object: string): Circuit => ({
  object,
  state: "closed",
  generation: 0,
  newsMs: Number.NEGATIVE_INFINITY,
  probeAtMs: 0,
  heardMs: 0,
  askedMs: Number.NEGATIVE_INFINITY,
  short: emptyWindow(),
  long: emptyWindow(),
  recent: emptyWindow(),
  ownUntilMs: 0,
  ownOpenMs: OWN_OPEN_MS,
  ...NOTHING_TO_TELL,
  probes: [],
  spare: 0,
  spareUntilMs: 0,
});

/** Nothing stands in the way of a call; what the path asks first. */
export const isClosed = (circuit: Circuit): boolean =>
  circuit.state === "closed" && circuit.ownUntilMs === 0;

/** Of a circuit that is not closed: `ask` for a lease, once a second, when its time has come; else `refuse` or `pass`. */
export const admit = (
  circuit: Circuit,
  leftMs: number,
  nowMs: number,
): "pass" | "refuse" | "ask" => {
  const { state, probeAtMs, heardMs } = circuit;
  if (state !== "closed" && nowMs - Math.max(heardMs, probeAtMs) > FORGET_MS) close(circuit);
  if (isClosed(circuit)) return "pass";
  if (state === "closed" && nowMs < circuit.ownUntilMs) {
    circuit.held += 1;
    return "refuse";
  }
  if (state === "isolated" || nowMs < probeAtMs) return "refuse";
  if (leftMs < ASK_LEAST_LEFT_MS || nowMs - circuit.askedMs < ASK_EVERY_MS) return "refuse";
  circuit.askedMs = nowMs;
  return "ask";
};

/** Keeps a lease that came too late for the call that asked. */
export const keepSpare = (circuit: Circuit, lease: number, nowMs: number): void => {
  giveBack(circuit);
  circuit.spare = lease;
  circuit.spareUntilMs = nowMs + SPARE_MS;
};

/** The lease kept, for the call that takes it; 0 is none. */
export const takeSpare = (circuit: Circuit, nowMs: number): number => {
  if (nowMs >= circuit.spareUntilMs) giveBack(circuit);
  const lease = circuit.spare;
  circuit.spare = 0;
  return lease;
};

const giveBack = (circuit: Circuit): void => {
  if (circuit.spare > 0) circuit.probes.push({ lease: circuit.spare, isOk: null, isUnused: true });
  circuit.spare = 0;
};

/** Takes what the object says; what is older than known is not believed. */
export const learn = (circuit: Circuit, verdict: Verdict, nowMs: number): void => {
  if (verdict.generation < circuit.generation) return;
  const isNews = verdict.generation > circuit.generation;
  if (isNews) forget(circuit, nowMs);
  circuit.generation = verdict.generation;
  circuit.heardMs = nowMs;
  circuit.probeAtMs = nowMs + verdict.probeInMs;
  if (verdict.state === "closed" && isNews) close(circuit);
  circuit.state = verdict.state;
};

/**
 * What was counted under another generation must not be told under the new one: it would open again what has closed. Nor
 * is a lease of another round one of this.
 */
const forget = (circuit: Circuit, nowMs: number): void => {
  circuit.newsMs = nowMs;
  Object.assign(circuit, NOTHING_TO_TELL, { spare: 0 });
  Object.assign(circuit.recent, emptyWindow());
};

/** The object knows of nothing that speaks against calls: the isolate's own judgement begins anew. */
export const close = (circuit: Circuit): void => {
  circuit.state = "closed";
  circuit.ownUntilMs = 0;
  circuit.ownOpenMs = OWN_OPEN_MS;
  Object.assign(circuit.short, emptyWindow());
  Object.assign(circuit.long, emptyWindow());
};

/** Counts what came of a call that passed. */
export const countCall = (
  circuit: Circuit,
  isOk: boolean,
  isSlow: boolean,
  failureRatio: number,
  nowMs: number,
  random: () => number,
): void => {
  const counts = { ok: isOk ? 1 : 0, failed: isOk ? 0 : 1, slow: isSlow ? 1 : 0 };
  circuit.ok += counts.ok;
  circuit.failed += counts.failed;
  circuit.slow += counts.slow;
  circuit.run = isOk ? 0 : circuit.run + 1;
  roll(circuit.recent, RECENT_MS, nowMs);
  addCounts(circuit.recent, counts);
  if (!isClosed(circuit)) return;
  roll(circuit.short, SHORT_MS, nowMs);
  roll(circuit.long, LONG_MS, nowMs);
  addCounts(circuit.short, counts);
  addCounts(circuit.long, counts);
  if (isOk || failureRatio === 0) return;
  if (
    fails(circuit.short, SHORT_CALLS, failureRatio) ||
    fails(circuit.long, LONG_CALLS, failureRatio)
  )
    openOwn(circuit, nowMs, random);
};

/** What came of a probe that nobody could be asked for a lease of; null says nothing. */
export const countOwnProbe = (
  circuit: Circuit,
  isOk: boolean | null,
  nowMs: number,
  random: () => number,
): void => {
  if (circuit.ownUntilMs === 0 || isOk === null) return;
  if (isOk) return close(circuit);
  circuit.ownOpenMs = Math.min(OWN_MOST_MS, circuit.ownOpenMs * 2);
  openOwn(circuit, nowMs, random);
};

/** What was counted since the last time, for the object; null for nothing. */
export const drainCircuit = (circuit: Circuit, nowMs: number): BreakerDelta | null => {
  if (nowMs >= circuit.spareUntilMs) giveBack(circuit);
  const { generation, ok, failed, slow, held, run, probes, retries, withheld } = circuit;
  if (ok + failed + held + withheld + probes.length === 0) return null;
  roll(circuit.recent, RECENT_MS, nowMs);
  const recent = countsOf(circuit.recent);
  Object.assign(circuit.recent, emptyWindow());
  circuit.ok = 0;
  circuit.failed = 0;
  circuit.slow = 0;
  circuit.held = 0;
  circuit.retries = 0;
  circuit.withheld = 0;
  circuit.probes = [];
  return {
    generation,
    ok,
    failed,
    slow,
    recent,
    held,
    run,
    probes,
    ...(retries > 0 ? { retries } : {}),
    ...(withheld > 0 ? { withheld } : {}),
  };
};

const fails = (window: CountWindow, least: number, failureRatio: number): boolean => {
  const { ok, failed } = countsOf(window);
  return ok + failed >= least && failed >= failureRatio * (ok + failed);
};

const openOwn = (circuit: Circuit, nowMs: number, random: () => number): void => {
  circuit.ownUntilMs = nowMs + circuit.ownOpenMs * (0.8 + 0.4 * random());
};
