// Owns the question of retries at size: one destination that fails, many isolates whose calls are repeated, and what the
// edge's brake makes of it. The isolates' and the object's own functions; pulses and merging are modelled, without loss.
import {
  countCall,
  drainCircuit,
  newCircuit,
  type Circuit,
} from "../../mesh/algorithms/breaker/circuit.ts";
import {
  brakeOn,
  isKnownRough,
  newBrake,
  observe,
  weatherNow,
} from "../../mesh/algorithms/retry/brake.ts";
import { earnRetry, openBudget, type RetryBudget } from "../../mesh/algorithms/retry/budget.ts";
import { decideRetry } from "../../mesh/algorithms/retry/decide.ts";
import type { BreakerDelta, Verdict } from "../../mesh/contract/pulse.ts";
import { EventHeap } from "../../mesh/simulator/core/heap.ts";
import { randomOf } from "../../mesh/simulator/core/random.ts";
import { poisson } from "../../mesh/simulator/poisson.ts";

export interface StormOptions {
  readonly isolates: number;
  /** Calls a second and isolate. */
  readonly rate: number;
  readonly seed: number;
  /** Retries a call may make; written in a route, or by default and within the budget. */
  readonly attempts: number;
  readonly fromRoute: boolean;
  /** What the objects say is heard. */
  readonly isHeard: boolean;
  /** Isolates live so long in the mean, ms. Default: for ever. */
  readonly lifeMs?: number;
  /** Share of attempts that fail in the outage. Default: 1. */
  readonly failShare?: number;
}

export interface StormReport {
  /** Attempts per call over all of the outage, and from 5 s after the brake was first published. */
  readonly whole: number;
  readonly braked: number;
  /** From the outage until the brake was published, and from recovery until it was let go; -1: never. */
  readonly brakedMs: number;
  readonly releasedMs: number;
  /** How often it was let go while the outage lasted. */
  readonly lapses: number;
}

const WARM_MS = 15_000;
const OUTAGE_MS = 60_000;
const AFTER_MS = 15_000;
/** By when every isolate has pulsed and heard. */
const SPREAD_MS = 5000;
const STEP_MS = 50;
const PULSE_MS = 1000;
const REST_MS = 10_000;
const REPORTS_PER_SECOND = 500;
const PER_SERVER = 100;

const SERVICE = "default/callee";
const OBJECT = `breaker:${SERVICE}|default/callee`;

interface Caller {
  circuit: Circuit;
  budget: RetryBudget;
  heard: readonly Verdict[];
  readonly server: Server;
  lastMs: number;
  dueMs: number;
  isUrgent: boolean | null;
  diesMs: number;
}

/** An isolate of Pulse. */
interface Server {
  pending: BreakerDelta[];
  isMerging: boolean;
  mergedMs: number;
  verdict: Verdict;
}

/** Runs it until some time after recovery. */
export const runStorm = (options: StormOptions): StormReport => new Storm(options).run();

class Storm {
  readonly #options: Required<StormOptions>;
  readonly #random: () => number;
  readonly #heap = new EventHeap();
  readonly #brake = newBrake();
  readonly #callers: Caller[];
  #nowMs = 0;
  #isBraked = false;
  readonly #whole = { calls: 0, attempts: 0 };
  readonly #late = { calls: 0, attempts: 0 };
  #brakedMs = -1;
  #releasedMs = -1;
  #lapses = 0;

  constructor(options: StormOptions) {
    this.#options = { lifeMs: Number.POSITIVE_INFINITY, failShare: 1, ...options };
    this.#random = randomOf(options.seed);
    const servers = Array.from({ length: Math.ceil(options.isolates / PER_SERVER) }, () => ({
      pending: [],
      isMerging: false,
      mergedMs: -PULSE_MS * this.#random(),
      verdict: this.#verdict(),
    }));
    this.#callers = Array.from({ length: options.isolates }, (_, at) =>
      this.#born(servers[at % servers.length]!),
    );
  }

  run(): StormReport {
    this.#step();
    while (this.#nowMs < WARM_MS + OUTAGE_MS + AFTER_MS) {
      const event = this.#heap.pop();
      if (event === undefined) break;
      this.#nowMs = event.atMs;
      event.run?.();
    }
    return {
      whole: this.#whole.attempts / this.#whole.calls,
      braked: this.#late.attempts / Math.max(1, this.#late.calls),
      brakedMs: this.#brakedMs,
      releasedMs: this.#releasedMs,
      lapses: this.#lapses,
    };
  }

  #born(server: Server): Caller {
    const { lifeMs } = this.#options;
    return {
      circuit: newCircuit(OBJECT),
      budget: { tokens: 0 },
      heard: this.#options.isHeard ? [server.verdict] : [],
      server,
      lastMs: this.#nowMs - this.#random() * REST_MS,
      dueMs: Number.POSITIVE_INFINITY,
      isUrgent: null,
      diesMs: this.#nowMs - Math.log(1 - this.#random()) * lifeMs,
    };
  }

  #isOutage(): boolean {
    return this.#nowMs >= WARM_MS && this.#nowMs < WARM_MS + OUTAGE_MS;
  }

  #step(): void {
    const { rate } = this.#options;
    this.#heap.plan(this.#nowMs + STEP_MS, () => {
      this.#step();
      for (const [at, caller] of this.#callers.entries()) {
        if (this.#nowMs >= caller.diesMs) this.#callers[at] = this.#born(caller.server);
        for (let left = poisson(this.#random, (rate * STEP_MS) / 1000); left > 0; left--)
          this.#call(this.#callers[at]!);
      }
    });
  }

  #call(caller: Caller): void {
    let retries = 0;
    let isOk = this.#attempt(caller, false);
    while (!isOk && this.#mayRetry(caller, retries)) {
      retries += 1;
      isOk = this.#attempt(caller, true);
    }
    if (isOk) earnRetry(caller.budget);
    if (this.#isOutage()) {
      count(this.#whole, 1 + retries);
      const spreadMs = WARM_MS + this.#brakedMs + SPREAD_MS;
      if (this.#brakedMs >= 0 && this.#nowMs >= spreadMs) count(this.#late, 1 + retries);
    }
    this.#plan(caller, !isOk || retries > 0);
  }

  #attempt({ circuit }: Caller, isRetry: boolean): boolean {
    const isOk = !this.#isOutage() || this.#random() >= this.#options.failShare;
    countCall(circuit, isOk, false, 0, this.#nowMs, this.#random);
    if (isRetry) circuit.retries += 1;
    return isOk;
  }

  #mayRetry({ circuit, budget, heard }: Caller, retries: number): boolean {
    const { attempts, fromRoute } = this.#options;
    openBudget(budget, isKnownRough(heard, SERVICE));
    const failed = {
      reason: null,
      status: 503,
      retries,
      allowance: -1,
      leftMs: 10_000,
      isRepeatable: true,
      fromRoute,
      isBraked: brakeOn(heard, SERVICE) !== undefined,
      policy: { attempts, codes: [503], backoffBaseMs: 25, backoffCapMs: 250 },
    };
    const { verdict } = decideRetry(failed, budget, this.#random);
    if (verdict === "brake") circuit.withheld += 1;
    return verdict === "retry";
  }

  /** Sees to it that what was counted is told in time, as the isolate's own `settled` does. */
  #plan(caller: Caller, isUrgent: boolean): void {
    const { isolates } = this.#options;
    const nowMs = this.#nowMs;
    if (isUrgent) caller.isUrgent ??= this.#random() < REPORTS_PER_SECOND / isolates;
    const everyMs = Math.max(PULSE_MS, (isolates / REPORTS_PER_SECOND) * 1000);
    if (nowMs - caller.lastMs >= everyMs) return this.#pulse(caller);
    const wishMs = caller.isUrgent === true ? nowMs : nowMs + REST_MS;
    const atMs = Math.max(wishMs, caller.lastMs + PULSE_MS);
    if (atMs >= caller.dueMs) return;
    caller.dueMs = atMs;
    this.#heap.plan(atMs, () => {
      if (caller.dueMs === atMs) this.#pulse(caller);
    });
  }

  #pulse(caller: Caller): void {
    Object.assign(caller, {
      lastMs: this.#nowMs,
      dueMs: Number.POSITIVE_INFINITY,
      isUrgent: null,
    });
    const delta = drainCircuit(caller.circuit, this.#nowMs);
    const { server } = caller;
    if (delta !== null) server.pending.push(delta);
    this.#merge(server);
    this.#heap.plan(this.#nowMs + 5, () => {
      if (this.#options.isHeard) caller.heard = [server.verdict];
    });
  }

  #merge(server: Server): void {
    if (server.isMerging) return;
    server.isMerging = true;
    this.#heap.plan(Math.max(this.#nowMs, server.mergedMs + PULSE_MS), () => {
      server.isMerging = false;
      server.mergedMs = this.#nowMs;
      for (const delta of server.pending.splice(0)) observe(this.#brake, delta, this.#nowMs);
      server.verdict = this.#verdict();
      this.#watch(server.verdict.isBraked === true);
    });
  }

  #verdict(): Verdict {
    const weather = weatherNow(this.#brake, this.#nowMs);
    return { object: OBJECT, state: "closed", generation: 0, probeInMs: 0, ...weather };
  }

  #watch(isBraked: boolean): void {
    if (isBraked === this.#isBraked) return;
    this.#isBraked = isBraked;
    const sinceMs = this.#nowMs - WARM_MS;
    if (isBraked && this.#brakedMs < 0) this.#brakedMs = sinceMs;
    if (!isBraked && this.#isOutage()) this.#lapses += 1;
    this.#releasedMs = isBraked || this.#isOutage() ? -1 : sinceMs - OUTAGE_MS;
  }
}

function count(sums: { calls: number; attempts: number }, attempts: number): void {
  sums.calls += 1;
  sums.attempts += attempts;
}
