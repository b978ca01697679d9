// Consistent hashing as properties: which keys may move when a set changes, and that eligibility is a change of the set.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isWithinBound } from "../../../mesh/algorithms/hash/bounded.ts";
import { fnv } from "../../../mesh/algorithms/hash/fnv.ts";
import { buildMaglev, pickMaglev } from "../../../mesh/algorithms/hash/maglev.ts";
import { pickRendezvous } from "../../../mesh/algorithms/hash/rendezvous.ts";
import { buildRing, type Hashed, pickRing } from "../../../mesh/algorithms/hash/ring.ts";
import { holds } from "../property.ts";

const always = (): boolean => true;
const KEYS = Array.from({ length: 200 }, (_, index) => `key-${index}`);

type Owners = (
  hosts: readonly Hashed[],
  isEligible?: (index: number) => boolean,
) => readonly string[];

const byRing: Owners = (hosts, isEligible = always) => {
  const ring = buildRing(hosts, 40);
  return KEYS.map((key) => hosts[pickRing(ring, fnv(key), isEligible)]?.id ?? "");
};
const byMaglev: Owners = (hosts, isEligible = always) => {
  const table = buildMaglev(hosts, 251);
  return KEYS.map((key) => hosts[pickMaglev(table, fnv(key), isEligible)]?.id ?? "");
};
const byRendezvous: Owners = (hosts, isEligible = always) =>
  KEYS.map((key) => hosts[pickRendezvous(hosts, key, isEligible)]?.id ?? "");

const hosts = fc.uniqueArray(
  fc.record({
    id: fc.string({ minLength: 1, maxLength: 6 }),
    weight: fc.integer({ min: 1, max: 4 }),
  }),
  { selector: ({ id }) => id, minLength: 2, maxLength: 6 },
);

describe.each([
  ["ring", byRing],
  ["maglev", byMaglev],
  ["rendezvous", byRendezvous],
] as const)("%s", (name, owners) => {
  it("does not look at the order of the set", () => {
    holds(
      fc.property(hosts, (list) => {
        expect(owners(list.toReversed())).toEqual(owners(list));
      }),
      0.01,
    );
  });

  it("takes an eligible endpoint wherever there is one, and never one without weight", () => {
    holds(
      fc.property(hosts, fc.nat(5), (list, at) => {
        const only = at % list.length;
        expect(new Set(owners(list, (index) => index === only))).toEqual(new Set([list[only]?.id]));
        expect(new Set(owners(list, () => false))).toEqual(new Set([""]));
        const without = list.map((one, index) => (index === only ? { ...one, weight: 0 } : one));
        expect(owners(without)).not.toContain(list[only]?.id);
      }),
      0.01,
    );
  });

  if (name === "maglev") return;

  it("moves the keys of what leaves and no other, whether it is gone or only not eligible", () => {
    holds(
      fc.property(hosts, fc.nat(5), (list, at) => {
        const gone = list[at % list.length];
        const before = owners(list);
        const after = owners(list.filter((one) => one !== gone));
        before.forEach((owner, key) => {
          if (owner !== gone?.id) expect(after[key]).toBe(owner);
        });
        expect(owners(list, (index) => list[index] !== gone)).toEqual(after);
      }),
      0.01,
    );
  });
});

it("rendezvous shares by weight, and a weight that grows only takes", () => {
  const list = (weight: number): Hashed[] => [
    { id: "a", weight: 10 },
    { id: "b", weight },
    { id: "c", weight: 5 },
  ];
  const keys = Array.from({ length: 30_000 }, (_, index) => `user-${index}`);
  const owner = (weight: number, key: string): string =>
    list(weight)[pickRendezvous(list(weight), key, always)]?.id ?? "";
  let has = 0;
  for (const key of keys) {
    const before = owner(5, key);
    const after = owner(15, key);
    if (before === "b") has += 1;
    if (before !== after) expect(after).toBe("b");
  }
  expect(Math.abs(has / keys.length - 0.25)).toBeLessThan(0.01);
});

it("a bound lets the last of several take its share and no more", () => {
  expect(isWithinBound(0, 0, 0.5, 1.25)).toBe(true);
  expect(isWithinBound(1, 1, 0.5, 1.25)).toBe(true);
  expect(isWithinBound(2, 2, 0.5, 1.25)).toBe(false);
  holds(
    fc.property(
      fc.array(fc.nat(50), { minLength: 1, maxLength: 8 }),
      fc.double({ min: 1.01, max: 4, noNaN: true }),
      (loads, factor) => {
        const all = loads.reduce((sum, load) => sum + load, 0);
        const free = loads.some((load) => isWithinBound(load, all, 1 / loads.length, factor));
        // Not all can be above the mean.
        expect(free).toBe(true);
      },
    ),
  );
});
