import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fnv, unitPoint } from "../../../mesh/algorithms/hash/fnv.ts";
import { holds } from "../property.ts";

const MASK = 0xffff_ffffn;

/** The published formulas in whole numbers. */
const reference = (text: string): number => {
  let hash = 0x811c9dc5n;
  for (let i = 0; i < text.length; i += 1) {
    hash = ((hash ^ BigInt(text.charCodeAt(i))) * 0x01000193n) & MASK;
  }
  hash = ((hash ^ (hash >> 16n)) * 0x85ebca6bn) & MASK;
  hash = ((hash ^ (hash >> 13n)) * 0xc2b2ae35n) & MASK;
  return Number(hash ^ (hash >> 16n));
};

describe("fnv", () => {
  it("is FNV-1a with murmur3's finaliser", () => {
    holds(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(fnv(text)).toBe(reference(text));
      }),
    );
  });

  it("spreads near texts evenly over [0, 1)", () => {
    const bins = Array.from({ length: 20 }, () => 0);
    const count = 40_000;
    for (let i = 0; i < count; i += 1) {
      const bin = Math.floor(unitPoint(`user-${i}`) * bins.length);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    const mean = count / bins.length;
    const chiSquare = bins.reduce((sum, bin) => sum + (bin - mean) ** 2 / mean, 0);
    expect(chiSquare).toBeLessThan(43.8); // 19 degrees of freedom, one in a thousand
  });
});
