// Owns how properties run: 10^4 inputs (10^6 in the long run) from one seed, printed, and taken from HEDDLE_SEED.
// HEDDLE_SHARE is a share of those inputs.
import fc from "fast-check";

const seed = Number(process.env["HEDDLE_SEED"] ?? Date.now() % 0x7fff_ffff);
const isLong = Boolean(process.env["HEDDLE_LONG"]);
/** Less than all inputs, for those who run the same properties thousands of times; and they look for no smaller example. */
const part = Number(process.env["HEDDLE_SHARE"] ?? 1);
const endOnFailure = part < 1;

process.stdout.write(`property seed: HEDDLE_SEED=${seed}\n`);

/** Checks a property; `share` below 1 for those whose single run is dear. */
export const holds = <T>(property: fc.IProperty<T>, share = 1): void => {
  fc.assert(property, { seed, numRuns: runs(share), endOnFailure });
};

/** The same for asynchronous properties. */
export const holdsLater = async <T>(
  property: fc.IAsyncProperty<T>,
  share = 0.01,
): Promise<void> => {
  await fc.assert(property, { seed, numRuns: runs(share), endOnFailure });
};

const runs = (share: number): number =>
  Math.max(10, Math.round((isLong ? 1_000_000 : 10_000) * share * part));

/** Inputs of a loop outside of properties: as many. */
export const INPUTS: number = runs(1);

/** A random source of its own for loops outside of properties: mulberry32 over the printed seed. */
export const randomFrom = (salt: number): (() => number) => {
  let state = (seed + salt) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 0x1_0000_0000;
  };
};
