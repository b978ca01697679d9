// Owns the isolates of the edge: born when somebody needs one, evicted when the platform likes.
import type { Machine } from "./machine.ts";
import type { World } from "./world.ts";

/** So many serve a workload in a colo, at most, and by this chance one more is born though there are some. */
const MOST = 4;
const ONE_MORE = 0.002;

/** The isolates of one run, in pools: the callers, or those that serve a workload in a colo. */
export class Isolates<I extends { readonly machine: Machine }> {
  readonly #world: World;
  readonly #make: (workload: string, colo: number) => I;
  readonly #pools = new Map<string, readonly I[]>();

  constructor(world: World, make: (workload: string, colo: number) => I) {
    this.#world = world;
    this.#make = make;
  }

  /** A new one, in a pool or, if nobody will look for it, in none. */
  bear(workload: string, colo: number, pool?: string): I {
    const isolate = this.#make(workload, colo);
    this.#world.note(`birth ${workload}`, isolate.machine.number, colo);
    if (pool !== undefined) this.#pools.set(pool, [...this.#alive(pool), isolate]);
    return isolate;
  }

  /** One that serves a workload in a colo, born if there is none. */
  serving(workload: string, colo: number): I {
    const { random } = this.#world;
    const pool = `${workload} ${colo}`;
    const alive = this.#alive(pool);
    const isBirth = alive.length < MOST && random() < ONE_MORE;
    const known = isBirth ? undefined : alive[Math.floor(random() * alive.length)];
    return known ?? this.bear(workload, colo, pool);
  }

  /** Evicts a share of all in pools, and says of each that it is gone. */
  evict(share: number, gone: (isolate: I) => void): void {
    for (const isolate of this.all()) {
      if (this.#world.random() >= share) continue;
      this.#world.note("evict", isolate.machine.number, 0);
      isolate.machine.evict();
      gone(isolate);
    }
  }

  /** All in pools. */
  all(): readonly I[] {
    return [...this.#pools.keys()].flatMap((pool) => this.#alive(pool));
  }

  #alive(pool: string): readonly I[] {
    return this.#pools.get(pool)?.filter(({ machine }) => !machine.isGone) ?? [];
  }
}
