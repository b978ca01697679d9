// Owns where objects live: one machine, which a restart replaces; memory goes with it, what is stored stays.
import { Machine, type Link } from "./machine.ts";
import type { World } from "./world.ts";

/** Objects and the Worker before them; `Memory` is what they hold from one start to the next. */
export class ObjectHost<Memory> {
  readonly #world: World;
  readonly #start: (machine: Machine, stored: Map<string, string>) => Memory;
  /** By object: what outlives a restart. */
  readonly #stored = new Map<string, string>();
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
    this.machine.evict();
    this.machine = new Machine(this.#world);
    this.memory = this.#start(this.machine, this.#stored);
  }

  /** The way to them now: up to `slowMs` longer than otherwise, and in vain when they are away or overloaded. */
  link(slowMs: number, isDown: boolean): Link {
    const { random } = this.#world;
    const sendMs = 1 + random() * 10 + slowMs * random();
    return { sendMs, replyMs: 1 + random() * 10, isDown };
  }
}
