// Shares by health: priorities, localities, slow start, smoothed latency.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DECAY_MS,
  ewmaCost,
  FIRST_MS,
  observeLatency,
} from "../../../mesh/algorithms/balance/ewma.ts";
import { leastRequestWeight } from "../../../mesh/algorithms/balance/least-request.ts";
import { localityShares } from "../../../mesh/algorithms/balance/locality.ts";
import { pickLevel, priorityLoads } from "../../../mesh/algorithms/balance/priority.ts";
import { slowStartFactor } from "../../../mesh/algorithms/balance/slow-start.ts";
import { holds } from "../property.ts";

const level = fc
  .record({ total: fc.integer({ min: 1, max: 20 }), down: fc.nat(20) })
  .map(({ total, down }) => ({ total, healthy: Math.max(0, total - down) }));
const levels = fc.array(level, { minLength: 1, maxLength: 5 });
const sum = (list: readonly number[]): number => list.reduce((all, one) => all + one, 0);

describe("priorities", () => {
  it("share everything, and none gets more than its health allows while others can take it", () => {
    holds(
      fc.property(levels, (list) => {
        const loads = priorityLoads(list);
        expect(sum(loads.map(({ share }) => share))).toBeCloseTo(1, 9);
        const health = list.map(({ healthy, total }) => Math.min(1, (1.4 * healthy) / total));
        if (sum(health) < 1) return;
        loads.forEach(({ share, isPanic }, index) => {
          expect(share).toBeLessThanOrEqual((health[index] ?? 0) + 1e-9);
          expect(isPanic).toBe(false);
        });
      }),
    );
  });

  it("leave the first as soon as it is down, and come back to it in panic when all are", () => {
    const down = { healthy: 0, total: 3 };
    const up = { healthy: 3, total: 3 };
    expect(priorityLoads([down, up]).map(({ share }) => share)).toEqual([0, 1]);
    expect(priorityLoads([down, down])).toEqual([
      { share: 1, isPanic: true },
      { share: 0, isPanic: true },
    ]);
    expect(priorityLoads([{ healthy: 0, total: 0 }, up]).map(({ share }) => share)).toEqual([0, 1]);
    expect(priorityLoads([down], 0)[0]?.isPanic).toBe(false);
  });

  it("are picked by point, the borders belonging to the next", () => {
    const loads = [0.7, 0, 0.3].map((share) => ({ share, isPanic: false }));
    expect([0, 0.69, 0.7, 0.999].map((point) => pickLevel(loads, point))).toEqual([0, 0, 2, 2]);
    expect(pickLevel([{ share: 0, isPanic: false }], 0)).toBe(-1);
  });
});

it("localities share by weight and health", () => {
  const up = { healthy: 2, total: 2 };
  expect(
    localityShares([
      { weight: 1, ...up },
      { weight: 3, ...up },
    ]),
  ).toEqual([0.25, 0.75]);
  expect(
    localityShares([
      { weight: 1, healthy: 0, total: 2 },
      { weight: 3, ...up },
    ]),
  ).toEqual([0, 1]);
  expect(localityShares([{ weight: 1, healthy: 0, total: 0 }])).toEqual([0]);
});

it("a new endpoint's weight only grows, from its least to its own", () => {
  const settings = fc.record({
    windowMs: fc.integer({ min: 2000, max: 600_000 }),
    aggression: fc.double({ min: 0.1, max: 10, noNaN: true }),
    least: fc.double({ min: 0.01, max: 1, noNaN: true }),
  });
  holds(
    fc.property(settings, fc.nat(700_000), fc.nat(700_000), (given, one, other) => {
      const [early, late] = [Math.min(one, other), Math.max(one, other)];
      const [before, after] = [slowStartFactor(given, early), slowStartFactor(given, late)];
      expect(before).toBeLessThanOrEqual(after);
      expect(before).toBeGreaterThanOrEqual(given.least);
      expect(slowStartFactor(given, given.windowMs)).toBe(1);
    }),
  );
});

describe("smoothed latency", () => {
  it("rises at once and falls with time", () => {
    const state = { ewmaMs: 10, atMs: 0 };
    observeLatency(state, 500, 100);
    expect(state).toEqual({ ewmaMs: 500, atMs: 100 });
    observeLatency(state, 10, 100 + DECAY_MS);
    expect(state.ewmaMs).toBeCloseTo(10 + 490 / Math.E, 6);
  });

  it("costs by what is in flight and by weight, an unknown one as a first guess", () => {
    expect(ewmaCost(undefined, 0, 1, 0)).toBe(FIRST_MS);
    const state = { ewmaMs: 20, atMs: 0 };
    expect(ewmaCost(state, 3, 2, 0)).toBe(40);
    expect(ewmaCost(state, 0, 1, 50 * DECAY_MS)).toBeGreaterThan(0);
  });
});

it("least request takes load from a weight by its bias", () => {
  expect(leastRequestWeight(4, 3, 0)).toBe(4);
  expect(leastRequestWeight(4, 3, 1)).toBe(1);
  expect(leastRequestWeight(4, 3, 2)).toBe(0.25);
});
