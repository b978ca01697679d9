// Owns which parts were taken already: the last sequence of each teller, for ten minutes.

/** A teller that was silent for longer begins anew, under another id. */
export const REMEMBER_MS = 600_000;

/** By teller, the longest silent first; changed in place. */
export type Sequences = Map<string, { readonly sequence: number; readonly seenMs: number }>;

/** Whether the sequence is newer than the teller's last; it is the last from now on. */
export const isNewer = (
  sequences: Sequences,
  teller: string,
  sequence: number,
  nowMs: number,
): boolean => {
  if ((sequences.get(teller)?.sequence ?? Number.NEGATIVE_INFINITY) >= sequence) return false;
  for (const [silent, { seenMs }] of sequences) {
    if (nowMs - seenMs < REMEMBER_MS) break;
    sequences.delete(silent);
  }
  sequences.delete(teller);
  sequences.set(teller, { sequence, seenMs: nowMs });
  return true;
};
