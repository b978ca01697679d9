// Owns the question of size: one circuit, many isolates, and what opening and closing it costs. Synchronous, and with the
// breaker's own functions on both sides; what lies between (pulses, merging, leases) is modelled.
import { admit, countCall, isClosed, learn } from "../algorithms/breaker/circuit.ts";
import { tellerOf } from "../algorithms/breaker/shard.ts";
import { acknowledge, isUnderway, takeParts } from "../algorithms/pulse/outbox.ts";
import { DEFAULT_BREAKER } from "../contract/defaults.ts";
import type { PartMark, PulsePart, Verdict } from "../contract/pulse.ts";
import { EventHeap } from "./core/heap.ts";
import { randomOf, type Random } from "./core/random.ts";
import { exponential, poisson } from "./poisson.ts";
import type { Told } from "./server.ts";
import { bornTeller, type Teller } from "./teller.ts";
import { Tree } from "./tree.ts";

/** What is asked of the model. */
export interface ScaleOptions {
  readonly isolates: number;
  /** Calls a second and isolate. */
  readonly rate: number;
  readonly seed: number;
  /** Calls are drawn one by one, or counted in steps of 50 ms. Default: in bulk above 40,000 a second in all. */
  readonly isBulk?: boolean;
  /** Share of the pulses that get lost, answer or all. Default: 0.01. */
  readonly lossShare?: number;
  /** Share of the calls that fail during the outage. Default: 1. */
  readonly failShare?: number;
  /** Whether Pulse isolates know from the start that a circuit that so many call is a tree. Default: true. */
  readonly isKnown?: boolean;
}

/** What came of it. */
export interface ScaleReport {
  readonly isolates: number;
  readonly rate: number;
  readonly isBulk: boolean;
  readonly calls: number;
  /** From the first failure until the object opened; -1: never. */
  readonly openedMs: number;
  /** Calls that reached the failing endpoint, probes aside. */
  readonly wasted: number;
  /** From recovery until the object closed; -1: never. */
  readonly closedMs: number;
  /** Probe rounds from recovery until it closed. */
  readonly rounds: number;
  /** Most leases that were out at once. */
  readonly mostProbes: number;
  /** Most calls of any one object in a second. */
  readonly objectPeak: number;
  readonly pulsesPerCall: number;
  readonly shards: number;
  /** Changes of the circuit's state. */
  readonly generations: number;
}

const WARM_MS = 20_000;
const OUTAGE_MS = 30_000;
const MOST_MS = 240_000;
const AFTER_MS = 3000;
const STEP_MS = 50;
const BULK_ABOVE = 40_000;
/** Between two pulses of an isolate, at least; and what is no hurry is told within that. */
const PULSE_MS = 1000;
const REST_MS = 10_000;
/** So often is told what was not taken. */
const MOST_TURNS = 5;
const REPORTS_PER_SECOND = 500;
/** Runs the model until the circuit has closed again. */
export const runScale = (options: ScaleOptions): ScaleReport => new Scale(options).run();

class Scale {
  readonly #options: Required<ScaleOptions>;
  readonly #random: Random;
  readonly #heap = new EventHeap();
  readonly #tree: Tree;
  readonly #tellers: Teller[];
  readonly #everyMs: number;
  #nowMs = 0;
  #calls = 0;
  #pulses = 0;
  #wasted = 0;
  #openedMs = -1;
  #closedMs = -1;
  #rounds = 0;
  #lastState = "closed";

  constructor(options: ScaleOptions) {
    const { isolates, rate, seed } = options;
    const isBulk = options.isBulk ?? isolates * rate > BULK_ABOVE;
    this.#options = { lossShare: 0.01, failShare: 1, isKnown: true, ...options, isBulk };
    this.#random = randomOf(seed);
    this.#everyMs = Math.max(PULSE_MS, (isolates / REPORTS_PER_SECOND) * 1000);
    this.#tree = new Tree(isolates, this.#options.isKnown, {
      now: () => this.#nowMs,
      random: randomOf(seed + 1),
      after: (ms, run) => this.#after(ms, run),
    });
    this.#tellers = Array.from({ length: isolates }, (_, at) =>
      bornTeller(at, -this.#random() * REST_MS, () => this.#nowMs),
    );
  }

  run(): ScaleReport {
    const { isBulk, isolates, rate } = this.#options;
    if (isBulk) this.#step();
    else for (const teller of this.#tellers) this.#planCall(teller);
    while (this.#nowMs < MOST_MS && !this.#isOver()) {
      const event = this.#heap.pop();
      if (event === undefined) break;
      this.#nowMs = event.atMs;
      event.run?.();
      this.#watch();
    }
    return {
      isolates,
      rate,
      isBulk,
      calls: this.#calls,
      openedMs: this.#openedMs,
      wasted: this.#wasted,
      closedMs: this.#closedMs,
      rounds: this.#rounds,
      mostProbes: this.#tree.mostProbes,
      objectPeak: this.#tree.peak(),
      pulsesPerCall: this.#pulses / Math.max(1, this.#calls),
      shards: this.#tree.shards,
      generations: this.#tree.breaker.generation,
    };
  }

  #after(ms: number, run: () => void): void {
    this.#heap.plan(this.#nowMs + ms, run);
  }

  // --- calls

  /** What a call comes to now. */
  #isAnswered(): boolean {
    const isOutage = this.#nowMs >= WARM_MS && this.#nowMs < WARM_MS + OUTAGE_MS;
    return !isOutage || this.#random() >= this.#options.failShare;
  }

  #planCall(teller: Teller): void {
    this.#after(exponential(this.#random, 1000 / this.#options.rate), () => {
      this.#planCall(teller);
      this.#call(teller, 1);
    });
  }

  /** All calls of one step, isolate by isolate. */
  #step(): void {
    const mean = (this.#options.rate * STEP_MS) / 1000;
    this.#after(STEP_MS, () => {
      this.#step();
      for (const teller of this.#tellers) {
        const calls = poisson(this.#random, mean);
        if (calls > 0) this.#call(teller, calls);
      }
    });
  }

  #call(teller: Teller, count: number): void {
    const { circuit } = teller;
    this.#calls += count;
    for (let left = count; left > 0; left -= 1) {
      const verdict = isClosed(circuit) ? "pass" : admit(circuit, 10_000, this.#nowMs);
      if (verdict === "pass") this.#send(teller);
      else if (verdict === "ask") this.#ask(teller);
      else return this.#plan(teller, true);
    }
  }

  #send(teller: Teller): void {
    const isOk = this.#isAnswered();
    if (!isOk) this.#wasted += 1;
    countCall(teller.circuit, isOk, false, DEFAULT_BREAKER.failureRatio, this.#nowMs, this.#random);
    this.#plan(teller, !isOk);
  }

  /** On the path: a lease, or none. */
  #ask(teller: Teller): void {
    const asker = tellerOf({ workload: teller.caller, isolate: teller.id });
    this.#tree.lease(this.#tree.pulseOf(teller.at), asker, (lease, verdict) => {
      learn(teller.circuit, verdict, this.#nowMs);
      if (lease === 0) return;
      const isOk = this.#isAnswered();
      this.#after(5, () => {
        teller.circuit.probes.push({ lease, isOk });
        teller.isUrgent = true;
        this.#plan(teller, true);
      });
    });
  }

  // --- pulses

  /** Sees to it that what was counted is told in time, as the isolate's own `settled` does. */
  #plan(teller: Teller, isUrgent: boolean): void {
    const nowMs = this.#nowMs;
    if (isUrgent) teller.isUrgent ??= this.#random() < REPORTS_PER_SECOND / this.#tree.reporters;
    if (nowMs - teller.lastMs >= this.#everyMs) return this.#pulse(teller);
    const wishMs = teller.isUrgent === true ? nowMs : nowMs + REST_MS;
    const atMs = Math.max(wishMs, teller.lastMs + PULSE_MS);
    this.#pulseAt(teller, atMs, 0);
  }

  #pulseAt(teller: Teller, atMs: number, turn: number): void {
    if (atMs >= teller.dueMs) return;
    teller.dueMs = atMs;
    this.#after(atMs - this.#nowMs, () => {
      if (teller.dueMs === atMs) this.#pulse(teller, turn);
    });
  }

  /** What was not taken is told again, with growing patience, as the isolate's own `flush` does. */
  #again(teller: Teller, turn: number): void {
    if (turn < MOST_TURNS && isUnderway(teller.outbox))
      this.#pulseAt(teller, this.#nowMs + PULSE_MS * 2 ** (turn - 1), turn);
  }

  #pulse(teller: Teller, turn = 0): void {
    teller.lastMs = this.#nowMs;
    teller.dueMs = Number.POSITIVE_INFINITY;
    teller.isUrgent = null;
    this.#pulses += 1;
    const told = this.#told(teller);
    const chance = this.#random();
    const { lossShare } = this.#options;
    if (chance < lossShare / 2) return this.#again(teller, turn + 1);
    this.#after(5, () => {
      this.#tree.report(
        this.#tree.pulseOf(teller.at),
        told,
        (marks: readonly PartMark[], verdict: Verdict | null) => {
          const isHeard = chance >= lossShare;
          if (isHeard) acknowledge(teller.outbox, marks);
          if (isHeard && verdict !== null) learn(teller.circuit, verdict, this.#nowMs);
          this.#again(teller, turn + 1);
        },
      );
    });
  }

  #told(teller: Teller): readonly Told[] {
    return takeParts(teller.outbox).map((part: PulsePart) => ({
      teller: teller.id,
      caller: teller.caller,
      part,
    }));
  }

  // --- what happens

  #watch(): void {
    const { state } = this.#tree.breaker;
    if (state === this.#lastState) return;
    const sinceMs = this.#nowMs - WARM_MS;
    if (state === "open" && this.#openedMs < 0) this.#openedMs = sinceMs;
    if (state === "half_open" && sinceMs >= OUTAGE_MS) this.#rounds += 1;
    if (state === "closed") this.#closedMs = Math.max(0, sinceMs - OUTAGE_MS);
    else this.#closedMs = -1;
    this.#lastState = state;
  }

  #isOver(): boolean {
    const recoveredMs = WARM_MS + OUTAGE_MS;
    if (this.#nowMs < recoveredMs + AFTER_MS) return false;
    if (this.#openedMs < 0) return this.#nowMs > recoveredMs + 2 * PULSE_MS + REST_MS;
    return this.#closedMs >= 0 && this.#nowMs > recoveredMs + this.#closedMs + AFTER_MS;
  }
}
