// Owns what buyers said, second version: with a word of theirs.

export interface Rating {
  readonly average: number;
  readonly count: number;
  readonly quote: string;
}

export const RATINGS: Readonly<Record<string, Rating>> = {
  loom: { average: 4.7, count: 212, quote: "Warped and weaving within an hour." },
  shuttle: { average: 4.4, count: 98, quote: "Glides. Mind the varnish." },
  "reed-hook": { average: 4.1, count: 57, quote: "A hook is a hook, this one is a good one." },
  linen: { average: 4.6, count: 143, quote: "Strong enough for a tight warp." },
  wool: { average: 3.9, count: 76, quote: "Soft after the second wash." },
  towel: { average: 4.8, count: 301, quote: "Dries everything, and then itself." },
  scarf: { average: 4.3, count: 64, quote: "Warmer than it looks." },
  throw: { average: 3.4, count: 29, quote: "Lovely, but it sheds for a month." },
};
