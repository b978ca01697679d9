// Owns Maglev hashing (Eisenbud et al., NSDI 2016; weights as Envoy has them): a table that endpoints fill in turns by
// permutations of their own, so that shares are even and a change of the set moves few keys.
import { fnv } from "./fnv.ts";
import type { Hashed } from "./ring.ts";

/** Entries of the table: a prime, at least a hundred times the endpoints. */
export const MAGLEV_SIZE = 65_537;

interface Filler {
  readonly owner: number;
  readonly weight: number;
  readonly skip: number;
  at: number;
  /** Turns come by weight: the one whose target is lowest has earned the next. */
  target: number;
}

/** By entry the index of its endpoint; empty where no endpoint has weight. The order of the endpoints does not matter. */
export const buildMaglev = (
  endpoints: readonly Hashed[],
  size: number = MAGLEV_SIZE,
): Uint16Array => {
  const fillers = toFillers(endpoints, size);
  if (fillers.length === 0) return new Uint16Array(0);
  const table = new Uint16Array(size);
  const isTaken = new Uint8Array(size);
  const most = Math.max(...fillers.map(({ weight }) => weight));
  for (let filled = 0, turn = 1; ; turn += 1) {
    for (const filler of fillers) {
      if (turn * filler.weight < filler.target) continue;
      filler.target += most;
      while (isTaken[filler.at] === 1) filler.at = (filler.at + filler.skip) % size;
      isTaken[filler.at] = 1;
      table[filler.at] = filler.owner;
      filled += 1;
      if (filled === size) return table;
    }
  }
};

const toFillers = (endpoints: readonly Hashed[], size: number): Filler[] =>
  endpoints
    .map(({ id, weight }, owner) => ({ id, weight, owner }))
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, weight, owner }) => ({
      owner,
      weight,
      at: fnv(id) % size,
      skip: (fnv(`${id}#skip`) % (size - 1)) + 1,
      target: 0,
    }));

/**
 * Index of the endpoint that a key belongs to. Where it is not eligible the key tries further entries, drawn from itself,
 * so that the keys of one endpoint spread over all others; -1 where none is.
 */
export const pickMaglev = (
  table: Uint16Array,
  key: number,
  isEligible: (index: number) => boolean,
): number => {
  const size = table.length;
  let at = key % size;
  const step = (key % (size - 1)) + 1;
  for (let tries = 0; tries < size; tries += 1) {
    const owner = table[at] ?? 0;
    if (isEligible(owner)) return owner;
    at = (at + step) % size;
  }
  return -1;
};
