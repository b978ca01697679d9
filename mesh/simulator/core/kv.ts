// Owns a value in KV: each colo has a copy, and what is written reaches it after a while of its own.
import type { World } from "./world.ts";

/** The longest a copy lags behind by itself; most lag much less. */
const LAG_MS = 60_000;

/** One key of KV, with all that was ever written to it. */
export class Replicated<T> {
  readonly #world: World;
  readonly #written: { readonly value: T; readonly atMs: number }[] = [];
  /** By colo and place in what was written. */
  readonly #lags = new Map<string, number>();
  newest: T;

  /** The first value is everywhere from the start. */
  constructor(world: World, first: T) {
    this.#world = world;
    this.newest = first;
    this.#written.push({ value: first, atMs: Number.NEGATIVE_INFINITY });
  }

  write(value: T): void {
    this.newest = value;
    this.#written.push({ value, atMs: this.#world.nowMs });
  }

  /** What has reached a colo, oldest first, when all takes so much longer than by itself. */
  seenFrom(colo: number, lateMs: number): readonly T[] {
    const isHere = (atMs: number, at: number): boolean =>
      atMs + this.#lagMs(`${colo} ${at}`) + lateMs <= this.#world.nowMs;
    return this.#written.filter(({ atMs }, at) => isHere(atMs, at)).map(({ value }) => value);
  }

  #lagMs(key: string): number {
    const known = this.#lags.get(key) ?? this.#world.random() ** 2 * LAG_MS;
    this.#lags.set(key, known);
    return known;
  }
}
