// Owns faults: drawn so that each seed has some of them and few all, since all at once hide more than they show.
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

/** One fault of one run. */
export interface Fault<Name extends string> {
  readonly name: Name;
  /** Since the beginning of the run. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** How much of it, 0 to 1. */
  readonly share: number;
}

/** Chance of a fault to be part of a run. */
const ENABLED = 0.3;

/** A swarm: some of the faults, each over an interval of its own before `endMs`. */
export function drawFaults<N extends string>(names: readonly N[], endMs: number, random: Random) {
  const drawn = names.filter(() => random() < ENABLED);
  return drawn.map((name): Fault<N> => {
    const fromMs = Math.floor(random() * endMs * 0.7);
    const untilMs = Math.floor(fromMs + 1000 + random() * (endMs - fromMs - 1000));
    return { name, fromMs, untilMs, share: random() };
  });
}

/** The faults of a run, as whoever meets them asks for them. */
export class Weather<Name extends string> {
  /** How often each was felt. */
  readonly fired = new Map<Name, number>();
  readonly #world: World;
  readonly #faults: readonly Fault<Name>[];

  constructor(world: World, faults: readonly Fault<Name>[]) {
    this.#world = world;
    this.#faults = faults;
  }

  /** How much of a fault holds now, 0 for none. */
  share(name: Name): number {
    const at = this.#world.sinceMs;
    for (const fault of this.#faults)
      if (fault.name === name && at >= fault.fromMs && at < fault.untilMs) return fault.share;
    return 0;
  }

  /** The same, and counts that it was felt. */
  felt(name: Name): number {
    const share = this.share(name);
    if (share > 0) this.fired.set(name, (this.fired.get(name) ?? 0) + 1);
    return share;
  }

  /** Whether a fault that befalls a share of things befalls this one. */
  hits(name: Name): boolean {
    return this.#world.random() < this.felt(name);
  }

  /** Whether one of these faults held at any time since an instant. */
  held(names: readonly Name[], fromMs: number): boolean {
    const { startMs, sinceMs } = this.#world;
    const isFelt = (fault: Fault<Name>): boolean =>
      fault.fromMs <= sinceMs && startMs + fault.untilMs >= fromMs;
    return this.#faults.some((fault) => names.includes(fault.name) && isFelt(fault));
  }
}
