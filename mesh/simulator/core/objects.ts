// Owns where objects live: one machine, which a restart replaces; memory goes with it, what is stored stays.
import { Machine, type Link } from "./machine.ts";
import type { World } from "./world.ts";

/** An object's time for one question, and its longest queue: 500 questions a second, and what waits longer is refused. */
const WORK_MS = 2;
const MOST_WAIT_MS = 1000;

/** Objects and the Worker before them; `Memory` is what they hold from one start to the next. */
export class ObjectHost<Memory> {
  readonly #world: World;
  readonly #start: (machine: Machine, stored: Map<string, string>) => Memory;
  /** By object: what outlives a restart. */
  readonly #stored = new Map<string, string>();
  /** By object: when it will be done with all that it was asked. */
  readonly #doneMs = new Map<string, number>();
  machine: Machine;
  memory: Memory;

  constructor(world: World, start: (machine: Machine, stored: Map<string, string>) => Memory) {
    this.#world = world;
    this.#start = start;
    this.machine = new Machine(world);
    this.memory = start(this.machine, this.#stored);
  }

  /** Whoever waits for the old machine hears that it is gone. */
  restart(): void {
    this.#world.note("objects restart", 0, 0);
    this.#doneMs.clear();
    this.machine.evict();
    this.machine = new Machine(this.#world);
    this.memory = this.#start(this.machine, this.#stored);
  }

  /** The way to one of them, which does one thing at a time: its turn comes after all it was asked before. */
  queue(object: string, link: Link): Link {
    const comesMs = this.#world.nowMs + link.sendMs;
    const turnMs = Math.max(comesMs, this.#doneMs.get(object) ?? 0);
    if (link.isDown === true || turnMs - comesMs > MOST_WAIT_MS) return { ...link, isDown: true };
    this.#doneMs.set(object, turnMs + WORK_MS);
    return { ...link, sendMs: link.sendMs + turnMs - comesMs + WORK_MS };
  }
}
