import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cohortPoint, pickBackend } from "../../../mesh/algorithms/split/split.ts";
import type { Backend } from "../../../mesh/contract/rule.ts";
import { holds, randomFrom } from "../property.ts";

const backend = (weight: number, invalid = false): Backend => ({
  service: `ns/w${weight}`,
  port: null,
  weight,
  ...(invalid ? { invalid } : {}),
});
const weights = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 6 });
const points = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe("pickBackend", () => {
  it("takes the share that holds the point, and never weight 0", () => {
    holds(
      fc.property(weights, points, (list, point) => {
        const order = pickBackend(
          list.map((weight) => backend(weight)),
          point,
        );
        const total = list.reduce((sum, weight) => sum + weight, 0);
        expect(order.length).toBe(list.filter((weight) => weight > 0).length);
        if (total === 0) return;
        const [first = -1, ...rest] = order;
        const before = list.slice(0, first).reduce((sum, weight) => sum + weight, 0);
        expect(before).toBeLessThanOrEqual(point * total);
        expect(point * total).toBeLessThanOrEqual(before + (list[first] ?? 0));
        expect(order.every((index) => (list[index] ?? 0) > 0)).toBe(true);
        const restWeights = rest.map((index) => list[index] ?? 0);
        expect(restWeights).toEqual(restWeights.toSorted((a, b) => b - a));
      }),
    );
  });

  it("never takes a user back while the last backend grows", () => {
    holds(
      fc.property(
        weights,
        points,
        fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 8 }),
        (list, point, steps) => {
          let canary = 0;
          let wasCanary = false;
          for (const step of steps) {
            canary += step;
            const [first] = pickBackend(
              [...list, canary].map((weight) => backend(weight)),
              point,
            );
            const isCanary = first === list.length;
            if (wasCanary) expect(isCanary).toBe(true);
            wasCanary = isCanary;
          }
        },
      ),
    );
  });

  it("never takes a user from the one backend that grows, wherever it stands", () => {
    const grown = fc.record({ at: fc.nat(5), by: fc.integer({ min: 0, max: 5000 }) });
    holds(
      fc.property(weights, points, grown, (list, point, { at, by }) => {
        const index = at % list.length;
        const [before] = pickBackend(
          list.map((weight) => backend(weight)),
          point,
        );
        const more = list.map((weight, other) => backend(other === index ? weight + by : weight));
        if (before === index) expect(pickBackend(more, point)[0]).toBe(index);
      }),
    );
  });

  it("never takes a user back while weights move to the last backend", () => {
    holds(
      fc.property(points, (point) => {
        let wasCanary = false;
        for (const share of [1, 5, 10, 25, 50, 100]) {
          const isCanary = pickBackend([backend(100 - share), backend(share)], point)[0] === 1;
          if (wasCanary) expect(isCanary).toBe(true);
          wasCanary = isCanary;
        }
      }),
    );
  });

  it("keeps an invalid backend's share and uses it for nothing else", () => {
    const list = [backend(1), backend(1, true), backend(2)];
    expect(pickBackend(list, 0.3)).toEqual([1]);
    expect(pickBackend(list, 0)).toEqual([0, 2]);
    expect(pickBackend(list, 0.9)).toEqual([2, 0]);
  });

  it("resolves 0.01 % by cohort", () => {
    const list = [backend(9999), backend(1)];
    const random = randomFrom(1);
    let canary = 0;
    const count = 1_000_000;
    for (let i = 0; i < count; i += 1) {
      if (pickBackend(list, cohortPoint(random().toString(36)))[0] === 1) canary += 1;
    }
    expect(Math.abs(canary - count / 10_000)).toBeLessThan(50); // 5 standard deviations
  });

  it("begins a share at its point, so that halves are halves", () => {
    const list = [backend(1), backend(0), backend(1)];
    expect(pickBackend(list, 0)).toEqual([0, 2]);
    expect(pickBackend(list, 0.5)).toEqual([2, 0]);
    expect(pickBackend(list, 0.5 - 2 ** -32)).toEqual([0, 2]);
  });

  it("is empty when all weights are 0", () => {
    expect(pickBackend([backend(0)], 0.5)).toEqual([]);
    expect(pickBackend([], 0.5)).toEqual([]);
  });
});
