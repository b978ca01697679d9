// Owns the one source of chance of a simulation: everything that is drawn comes from its seed.

/** A stream of draws in [0, 1), the same for the same seed. */
export type Random = () => number;

/** mulberry32: 32 bits of state, which is plenty for the draws of one run. */
export const randomOf = (seed: number): Random => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 0x1_0000_0000;
  };
};
