// Owns virtual time: it stands at an event until all that follows from it has happened, and then goes on to the next.
import process from "node:process";
import { EventHeap, type Planned } from "./heap.ts";
import { randomOf, type Random } from "./random.ts";
import { Trace } from "./trace.ts";

/** After so many instants the rest of the process has its turn. */
const TURN = 256;

/** Virtual time and all that is planned in it. */
export class World {
  readonly startMs: number;
  nowMs: number;
  /** How many there have been. */
  machines = 0;
  readonly random: Random;
  readonly trace = new Trace();
  readonly #heap = new EventHeap();

  constructor(seed: number, startMs: number) {
    this.random = randomOf(seed);
    this.startMs = startMs;
    this.nowMs = startMs;
  }

  /** How long the run has gone on. */
  get sinceMs(): number {
    return this.nowMs - this.startMs;
  }

  /** Plans what no machine does: faults, and messages under way. */
  after(ms: number, run: () => void): Planned {
    return this.#heap.plan(this.nowMs + Math.max(0, ms), run);
  }

  /** Writes one line of the trace. */
  note(what: string, who: number, detail: number): void {
    this.trace.note({ atMs: this.nowMs, what, who, detail });
  }

  /** Lets everything happen that is planned up to an instant. */
  async run(untilMs: number): Promise<void> {
    const heap = this.#heap;
    for (let instants = 0; heap.nextMs <= untilMs; instants += 1) {
      if (instants % TURN === 0) await new Promise((resolve) => void setImmediate(resolve));
      this.nowMs = heap.nextMs;
      while (heap.nextMs === this.nowMs) heap.pop()?.run?.();
      // All promises that can go on have gone on: asked from one of them, Node.js ticks once none is left.
      await new Promise<void>((resolve) => process.nextTick(resolve));
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
  }
}
