// Owns a machine of the edge: a clock that stands still between I/O, and questions to it that fail when it goes away.
import { running } from "./ambient.ts";
import type { Planned } from "./heap.ts";
import type { World } from "./world.ts";

/** How a question travels. */
export interface Link {
  readonly sendMs: number;
  readonly replyMs: number;
  /** Nobody is there: the question fails when it arrives. */
  readonly isDown?: boolean;
  /** The work is done, and the answer fails on its way. */
  readonly isReplyLost?: boolean;
  /** The question comes again a little later, whatever became of the first. */
  readonly isTwice?: boolean;
}

/** What the platform throws when the other side goes away, in its own words. */
const LOST = "Network connection lost.";
const AGAIN_MS = 50;

/** One isolate, or one process of another kind. */
export class Machine {
  readonly world: World;
  readonly number: number;
  /** How far its clock is ahead of the world's. */
  skewMs: number;
  isGone = false;
  #clockMs: number;
  /** Tells each who waits for this machine that the connection is lost. */
  readonly #waiting = new Set<() => void>();

  constructor(world: World, skewMs = 0) {
    this.world = world;
    this.number = ++world.machines;
    this.skewMs = skewMs;
    this.#clockMs = Math.floor(world.nowMs + skewMs);
  }

  /** The time of the last I/O, as the platform has it. */
  now(): number {
    return this.#clockMs;
  }

  /** Plans I/O to come back: then, and only then, time has passed. On a machine that is gone nothing happens any more. */
  after(ms: number, run: () => void): Planned {
    return this.world.after(ms, () => {
      if (this.isGone) return;
      this.#clockMs = Math.max(this.#clockMs, Math.floor(this.world.nowMs + this.skewMs));
      running.run(this, run);
    });
  }

  /** Has a machine, perhaps itself, do some work; the answer arrives as I/O. */
  ask<T>(to: Machine, link: Link, work: () => T | Promise<T>): Promise<T> {
    const task = async (): Promise<T> => work();
    if (link.isTwice === true)
      to.after(link.sendMs + AGAIN_MS, () => void task().catch(() => undefined));
    return new Promise<T>((resolve, reject) => {
      const back = (finish: () => void): void => void this.after(link.replyMs, finish);
      const lose = (): void => back(() => reject(new Error(LOST)));
      if (link.isDown === true || to.isGone) return void this.world.after(link.sendMs, lose);
      to.#waiting.add(lose);
      const end = (finish: () => void): void => {
        if (!to.#waiting.delete(lose)) return;
        if (link.isReplyLost === true) lose();
        else back(finish);
      };
      to.after(link.sendMs, () => {
        task().then(
          (value) => end(() => resolve(value)),
          (error: Error) => end(() => reject(error)),
        );
      });
    });
  }

  /** Ends it. */
  evict(): void {
    this.isGone = true;
    for (const lose of this.#waiting) lose();
    this.#waiting.clear();
  }
}
