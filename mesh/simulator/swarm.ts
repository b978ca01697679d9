// Owns the faults of a run: which there are, when and how strong, drawn so that each seed has some of them and few all.
import { randomOf, type Random } from "./random.ts";

/** What can go wrong; each is off outside of its interval. */
export const FAULTS = [
  "control-down",
  "kv-down",
  "kv-late",
  "kv-old",
  "kv-truncated",
  "kv-forged",
  "objects-down",
  "objects-slow",
  "objects-overloaded",
  "objects-restart",
  "pulse-lost",
  "pulse-twice",
  "skew",
  "evict",
  "births",
  "callee-errors",
  "callee-outage",
  "callee-throws",
  "callee-slow",
  "callee-hangs",
  "attack",
  "revoke",
  "publish",
] as const;
export type FaultName = (typeof FAULTS)[number];

/** One fault of one run. */
export interface Fault {
  readonly name: FaultName;
  /** Since the beginning of the run. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** How much of it, 0 to 1. */
  readonly share: number;
}

/** Everything that is drawn for a seed. */
export interface Swarm {
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly colos: number;
  /** Isolates of the calling Worker at the beginning, in all colos. */
  readonly callers: number;
  /** Calls a second and isolate. */
  readonly rate: number;
  /** Minutes before a key epoch ends that the run begins, 0 to 1. */
  readonly beforeEpoch: number;
}

/** Faults lie in the first part of a run; then nothing is wrong any more, and after a minute all must be well. */
export const FAULTY_MS = 45_000;
export const HEALING_MS = 60_000;
export const PROBATION_MS = 10_000;
export const RUN_MS: number = FAULTY_MS + HEALING_MS + PROBATION_MS;

/** Chance of a fault to be part of a run. */
const ENABLED = 0.3;

/** Chance that what befalls KV befalls it while control is away. */
const WITHOUT_CONTROL = 0.7;

/** Draws what a seed has in store; `calls` is about how many calls it makes. */
export function drawSwarm(seed: number, calls: number): Swarm {
  const random = randomOf(Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995);
  const faults = FAULTS.filter(() => random() < ENABLED).map((name) => drawFault(name, random));
  // KV is asked only while control is silent, and mostly by isolates that are born then.
  for (const { fromMs, untilMs, share } of faults.filter(({ name }) => name.startsWith("kv-")))
    if (random() < WITHOUT_CONTROL)
      for (const name of ["control-down", "births"] as const)
        faults.push({ name, fromMs, untilMs, share });
  const callers = 2 + Math.floor(random() ** 2 * 38);
  return {
    seed,
    faults,
    colos: 1 + Math.floor(random() * 4),
    callers,
    rate: Math.max(0.02, calls / (RUN_MS / 1000) / callers),
    beforeEpoch: random(),
  };
}

function drawFault(name: FaultName, random: Random): Fault {
  const fromMs = Math.floor(random() * FAULTY_MS * 0.7);
  const untilMs = Math.floor(fromMs + 1000 + random() * (FAULTY_MS - fromMs - 1000));
  return { name, fromMs, untilMs, share: random() };
}

/** The faults in force, looked up by name at each turn of the run. */
export class Weather {
  readonly #faults: readonly Fault[];
  readonly #startMs: number;
  readonly fired = new Map<FaultName, number>();

  constructor(swarm: Swarm, startMs: number) {
    this.#faults = swarm.faults;
    this.#startMs = startMs;
  }

  /** How much of a fault holds now, and counts that it was felt; 0 for none. */
  felt(name: FaultName, nowMs: number): number {
    const share = this.share(name, nowMs);
    if (share > 0) this.fired.set(name, (this.fired.get(name) ?? 0) + 1);
    return share;
  }

  /** How much of a fault holds now, 0 for none. */
  share(name: FaultName, nowMs: number): number {
    for (const fault of this.#faults)
      if (fault.name === name && this.#holds(fault, nowMs)) return fault.share;
    return 0;
  }

  /** Whether a fault held at any time in an interval. */
  held(names: readonly FaultName[], fromMs: number, toMs: number): boolean {
    return this.#faults.some(
      (fault) =>
        names.includes(fault.name) &&
        this.#startMs + fault.fromMs <= toMs &&
        this.#startMs + fault.untilMs >= fromMs,
    );
  }

  #holds(fault: Fault, nowMs: number): boolean {
    const at = nowMs - this.#startMs;
    return at >= fault.fromMs && at < fault.untilMs;
  }
}
