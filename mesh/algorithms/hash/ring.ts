// Owns the ring of consistent hashing (ketama): each endpoint has a fixed number of points, so that one that leaves moves
// no key of another, and one that joins takes keys and moves none between others.
import { fnv } from "./fnv.ts";

/** What can be hashed to: a name that is the same in every isolate, and its share, above 0. */
export interface Hashed {
  readonly id: string;
  readonly weight: number;
}

/** Points in the order of the circle, and by point the index of its endpoint. */
export interface Ring {
  readonly points: Uint32Array;
  readonly owners: Uint32Array;
}

/** Points of an endpoint of weight 1 where nothing else is said: the busiest of ten is then within a quarter of the mean. */
export const RING_POINTS = 100;

/** The ring of some endpoints; the order they are given in does not matter. `points` are those of weight 1. */
export const buildRing = (endpoints: readonly Hashed[], points: number = RING_POINTS): Ring => {
  const all: [point: number, owner: number, id: string][] = [];
  endpoints.forEach(({ id, weight }, owner) => {
    const count = weight > 0 ? Math.max(1, Math.round(points * weight)) : 0;
    for (let i = 0; i < count; i += 1) all.push([fnv(`${id}#${i}`), owner, id]);
  });
  all.sort(([a, , x], [b, , y]) => a - b || (x < y ? -1 : 1));
  return {
    points: Uint32Array.from(all, ([point]) => point),
    owners: Uint32Array.from(all, ([, owner]) => owner),
  };
};

/**
 * Index of the endpoint that a key belongs to: the owner of the first point at or behind the key's that `isEligible`
 * takes, so that a key whose endpoint is not eligible goes where it would go if that had left. -1 where none is.
 */
export const pickRing = (
  { points, owners }: Ring,
  key: number,
  isEligible: (index: number) => boolean,
): number => {
  const begin = firstAtOrBehind(points, key);
  const refused = new Set<number>();
  for (let step = 0; step < points.length; step += 1) {
    const owner = owners[(begin + step) % points.length] ?? 0;
    if (refused.has(owner)) continue;
    if (isEligible(owner)) return owner;
    refused.add(owner);
  }
  return -1;
};

const firstAtOrBehind = (points: Uint32Array, key: number): number => {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((points[middle] ?? 0) < key) low = middle + 1;
    else high = middle;
  }
  return low;
};
