// Owns virtual time: the heap of events, the clock that each isolate sees, the trace and its hash.
import process from "node:process";
import { setImmediate } from "node:timers";
import { runAmbient, type Ambient } from "./ambient.ts";
import { EventHeap, type Owner, type Planned } from "./heap.ts";
import { randomOf, type Random } from "./random.ts";

/** 2027-01-15 08:00 UTC, a full hour: where virtual time begins unless a run says otherwise. */
export const START_MS = 1_800_000_000_000;
/** Trace lines that are kept for a report. */
const KEPT = 48;
/** After so many instants the rest of the process has its turn. */
const TURN = 256;

/** One thing that happened: what, to whom, and a number that says more. */
export interface TraceEntry {
  readonly atMs: number;
  readonly what: string;
  readonly who: number;
  readonly detail: number;
}

/** A machine of the simulated edge: a clock that stands still between I/O, with a skew of its own. */
export class Machine implements Owner, Ambient {
  readonly world: World;
  readonly number: number;
  skewMs: number;
  isGone = false;
  #clockMs: number;

  constructor(world: World, number: number, skewMs: number) {
    this.world = world;
    this.number = number;
    this.skewMs = skewMs;
    this.#clockMs = world.nowMs + skewMs;
  }

  /** I/O has come back: now, and only now, time has passed. */
  tick(): void {
    this.#clockMs = Math.max(this.#clockMs, Math.floor(this.world.nowMs + this.skewMs));
  }

  now(): number {
    return Math.floor(this.#clockMs);
  }

  random(): number {
    return this.world.random();
  }

  after(ms: number, run: () => void): Planned {
    return this.world.after(ms, this, run);
  }

  log(line: string): true {
    this.world.logged += line === "" ? 0 : 1;
    return true;
  }
}

/** Virtual time and all that is planned in it. */
export class World {
  nowMs = START_MS;
  events = 0;
  /** Lines that Workers logged. */
  logged = 0;
  readonly random: Random;
  readonly #heap = new EventHeap();
  readonly #trace: TraceEntry[] = [];
  readonly #words = new Map<string, number>();
  #order = 0;
  #hash = 0x811c9dc5;
  #machines = 0;

  constructor(seed: number, startMs: number = START_MS) {
    this.random = randomOf(seed);
    this.nowMs = startMs;
  }

  machine(skewMs = 0): Machine {
    this.#machines += 1;
    return new Machine(this, this.#machines, skewMs);
  }

  /** Plans an event; `owner` null is the world's own. */
  after(ms: number, owner: Machine | null, run: () => void): Planned {
    this.#order += 1;
    const event = { atMs: this.nowMs + Math.max(0, ms), order: this.#order, owner, run };
    this.#heap.push(event);
    return event;
  }

  /** Writes one line of the trace, which is what two runs of a seed have in common. */
  note(what: string, who: number, detail: number): void {
    let word = this.#words.get(what);
    if (word === undefined) {
      word = 0;
      for (const letter of what) word = Math.imul(word ^ (letter.codePointAt(0) ?? 0), 0x01000193);
      this.#words.set(what, word);
    }
    for (const value of [word, who, detail, Math.floor(this.nowMs - START_MS)])
      this.#hash = Math.imul(this.#hash ^ value, 0x01000193) ^ (this.#hash >>> 15);
    this.#trace[this.events % KEPT] = { atMs: this.nowMs, what, who, detail };
    this.events += 1;
  }

  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  /** The last lines of the trace, oldest first. */
  trace(): readonly TraceEntry[] {
    const cut = this.events % KEPT;
    return [...this.#trace.slice(cut), ...this.#trace.slice(0, cut)];
  }

  /** Lets everything happen that is planned up to an instant; promises settle between two instants. */
  async run(untilMs: number): Promise<void> {
    const heap = this.#heap;
    for (let instants = 0; heap.nextMs <= untilMs; instants += 1) {
      if (instants % TURN === 0) await turned();
      this.nowMs = heap.nextMs;
      while (heap.nextMs === this.nowMs) this.#step(heap.pop());
      await settled();
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }

  #step(event: Planned | undefined): void {
    if (event === undefined || event.run === null) return;
    const { owner, run } = event;
    if (owner === null) run();
    else if (owner instanceof Machine && !owner.isGone) {
      owner.tick();
      runAmbient(owner, run);
    }
  }
}

/** All promises that can go on have gone on: asked from one of them, Node.js ticks once none is left. */
const settled = (): Promise<void> =>
  new Promise((resolve) => {
    process.nextTick(resolve);
  });

const turned = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });
