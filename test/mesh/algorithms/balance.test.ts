import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pickP2c } from "../../../mesh/algorithms/balance/p2c.ts";
import { pickRoundRobin } from "../../../mesh/algorithms/balance/round-robin.ts";
import { holds, randomFrom } from "../property.ts";

const weights = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 8 });
const always = (): boolean => true;
const toEndpoints = (list: readonly number[]): { weight: number }[] =>
  list.map((weight) => ({ weight }));

describe("pickRoundRobin", () => {
  it("gives each endpoint exactly its weight in every full turn", () => {
    holds(
      fc.property(weights, (list) => {
        const endpoints = toEndpoints(list);
        const turns: number[] = [];
        const total = list.reduce((sum, weight) => sum + weight, 0);
        for (let round = 0; round < 2; round += 1) {
          const counts = list.map(() => 0);
          for (let i = 0; i < total; i += 1) {
            const picked = pickRoundRobin(endpoints, turns, always);
            counts[picked] = (counts[picked] ?? 0) + 1;
          }
          expect(counts).toEqual(list);
        }
      }),
      0.1,
    );
  });

  it("is smooth: nginx's sequence for 5, 1, 1", () => {
    const turns: number[] = [];
    const endpoints = toEndpoints([5, 1, 1]);
    const picks = Array.from({ length: 7 }, () => pickRoundRobin(endpoints, turns, always));
    expect(picks).toEqual([0, 0, 1, 0, 2, 0, 0]);
  });

  it("never takes an ineligible one, and begins anew with another number of endpoints", () => {
    const turns: number[] = [];
    expect(pickRoundRobin(toEndpoints([1, 1]), turns, () => false)).toBe(-1);
    expect(pickRoundRobin(toEndpoints([9, 1, 1]), turns, (index) => index > 0)).toBe(1);
    expect(pickRoundRobin([], turns, always)).toBe(-1);
  });
});

describe("pickP2c", () => {
  it("takes an eligible endpoint wherever there is one", () => {
    holds(
      fc.property(
        weights,
        fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        fc.nat(),
        (list, eligible, salt) => {
          const isEligible = (index: number): boolean => eligible[index] === true;
          const picked = pickP2c(toEndpoints(list), (index) => index, isEligible, randomFrom(salt));
          const isAny = list.some((weight, index) => weight > 0 && isEligible(index));
          expect(picked >= 0).toBe(isAny);
          if (isAny) expect(isEligible(picked) && (list[picked] ?? 0) > 0).toBe(true);
        },
      ),
    );
  });

  it("shares by weight where nobody is busy", () => {
    const random = randomFrom(2);
    const counts = [0, 0, 0];
    const count = 30_000;
    for (let i = 0; i < count; i += 1) {
      const picked = pickP2c(toEndpoints([1, 2, 3]), () => 0, always, random);
      counts[picked] = (counts[picked] ?? 0) + 1;
    }
    for (const [index, expected] of [count / 6, count / 3, count / 2].entries()) {
      expect(Math.abs((counts[index] ?? 0) - expected)).toBeLessThan(6 * Math.sqrt(count / 4));
    }
  });

  it("never takes the busiest of two", () => {
    const random = randomFrom(3);
    for (let i = 0; i < 1000; i += 1) {
      expect(pickP2c(toEndpoints([1, 1]), (index) => (index === 0 ? 3 : 2), always, random)).toBe(
        1,
      );
      expect(pickP2c(toEndpoints([4, 1]), () => 2, always, random)).toBe(0);
    }
  });
});
