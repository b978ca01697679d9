// Balancing to the number: what is drawn at which point, what a new endpoint gets, who takes turns with whom.
import { describe, expect, it } from "vitest";
import { DECAY_MS, ewmaCost, observeLatency } from "../../../mesh/algorithms/balance/ewma.ts";
import { localityShares } from "../../../mesh/algorithms/balance/locality.ts";
import { pickP2c } from "../../../mesh/algorithms/balance/p2c.ts";
import { pickLevel, priorityLoads } from "../../../mesh/algorithms/balance/priority.ts";
import { pickRoundRobin } from "../../../mesh/algorithms/balance/round-robin.ts";
import { slowStartFactor } from "../../../mesh/algorithms/balance/slow-start.ts";

const always = (): boolean => true;
const weights = (...list: readonly number[]) => list.map((weight) => ({ weight }));
const drawn = (...points: readonly number[]) => {
  let next = 0;
  return (): number => points[next++] ?? 0.999;
};

describe("two choices", () => {
  const idle = (): number => 0;
  it.each([
    [0, 0],
    [0.249, 0],
    [0.25, 2],
    [0.999, 2],
  ])("draw by weight: %d is %i", (point, index) => {
    expect(pickP2c(weights(1, 0, 3), idle, always, drawn(point))).toBe(index);
  });

  it("are two different ones, the second drawn among the rest", () => {
    // Whoever is drawn second and idle is taken from one that is busy.
    const busyBut = (free: number) => (index: number) => (index === free ? 0 : 9);
    const list = weights(1, 1, 2);
    expect(pickP2c(list, busyBut(1), always, drawn(0, 0.333))).toBe(1);
    expect(pickP2c(list, busyBut(2), always, drawn(0, 0.334))).toBe(2);
    expect(pickP2c(list, busyBut(0), always, drawn(0.9, 0.499))).toBe(0);
    expect(pickP2c(list, busyBut(1), always, drawn(0.9, 0.5))).toBe(1);
    expect(pickP2c(list, busyBut(1), (index) => index !== 1, drawn(0.9, 0.999))).toBe(2);
  });

  it("are compared by load per weight, and the first is taken on a tie", () => {
    const load = (index: number): number => [2, 1][index] ?? 0;
    expect(pickP2c(weights(2, 1), load, always, drawn(0, 0))).toBe(0);
    expect(pickP2c(weights(2, 1), load, always, drawn(0.9, 0))).toBe(1);
    expect(pickP2c(weights(3, 1), load, always, drawn(0.9, 0))).toBe(0);
    expect(pickP2c(weights(1, 1), load, always, drawn(0, 0))).toBe(1);
  });

  it("are one where there is one", () => {
    expect(pickP2c(weights(0, 5), () => 100, always, drawn(0, 0))).toBe(1);
    expect(pickP2c(weights(0, 0), idle, always, drawn(0, 0))).toBe(-1);
    expect(pickP2c([], idle, always, drawn(0, 0))).toBe(-1);
  });

  it("draw nothing where there is nothing to choose from", () => {
    const never = (): number => {
      throw new Error("drawn");
    };
    expect(pickP2c(weights(1, 2), idle, () => false, never)).toBe(-1);
    expect(pickP2c(weights(0), idle, always, never)).toBe(-1);
  });
});

describe("turns", () => {
  it("begin anew where the number of endpoints changes, and only there", () => {
    const turns: number[] = [];
    const picks = (count: number, list: readonly { weight: number }[]) =>
      Array.from({ length: count }, () => pickRoundRobin(list, turns, always));
    expect(picks(3, weights(1, 1))).toEqual([0, 1, 0]);
    expect(picks(4, weights(1, 1))).toEqual([1, 0, 1, 0]);
    expect(picks(3, weights(1, 1, 1))).toEqual([0, 1, 2]);
    expect(turns).toHaveLength(3);
    expect(picks(1, weights(1))).toEqual([0]);
    expect(turns).toHaveLength(1);
  });

  it("pass over those without weight and those not eligible, whose turns stand still", () => {
    const turns: number[] = [];
    const list = weights(2, 0, 1);
    const only = (index: number) => pickRoundRobin(list, turns, (one) => one === index);
    expect([only(0), only(0), only(2), only(1)]).toEqual([0, 0, 2, -1]);
    expect(turns).toEqual([0, 0, 0]);
    expect([1, 2, 3].map(() => pickRoundRobin(list, turns, always))).toEqual([0, 2, 0]);
  });

  it("come to the only one that is eligible, though it has had more than its share", () => {
    const turns: number[] = [];
    const list = weights(1, 2);
    expect([1, 2].map(() => pickRoundRobin(list, turns, always))).toEqual([1, 0]);
    expect([1, 2, 3].map(() => pickRoundRobin(list, turns, (one) => one === 0))).toEqual([0, 0, 0]);
  });
});

describe("priorities", () => {
  const level = (healthy: number, total: number) => ({ healthy, total });
  const shares = (...levels: readonly { healthy: number; total: number }[]) =>
    priorityLoads(levels).map(({ share }) => Math.round(share * 1000) / 1000);

  it("take as much as their health allows, and hand on the rest", () => {
    expect(shares(level(5, 10), level(10, 10))).toEqual([0.7, 0.3]);
    expect(shares(level(8, 10), level(10, 10))).toEqual([1, 0]);
    expect(shares(level(2, 10), level(2, 10), level(10, 10))).toEqual([0.28, 0.28, 0.44]);
  });

  it("are scaled up where all together cannot take all", () => {
    expect(shares(level(1, 10), level(3, 10))).toEqual([0.25, 0.75]);
    expect(shares(level(0, 0), level(0, 4), level(0, 4))).toEqual([0, 1, 0]);
    expect(shares(level(0, 0))).toEqual([0]);
  });

  it("panic below the threshold, and only where all together cannot take all", () => {
    const panics = (...levels: readonly { healthy: number; total: number }[]) =>
      priorityLoads(levels).map(({ isPanic }) => isPanic);
    expect(panics(level(4, 10))).toEqual([true]);
    expect(panics(level(5, 10))).toEqual([false]);
    expect(panics(level(4, 10), level(10, 10))).toEqual([false, false]);
    expect(panics(level(1, 10), level(0, 0))).toEqual([true, false]);
    expect(priorityLoads([level(4, 10)], 40)[0]?.isPanic).toBe(false);
    expect(priorityLoads([level(5, 10)], 50, 2)[0]).toEqual({ share: 1, isPanic: false });
  });

  it("that have no share are never picked, the last that has one takes what rounding leaves", () => {
    const loads = [0, 0.5, 0.4999, 0].map((share) => ({ share, isPanic: false }));
    expect([0, 0.4999, 0.5, 0.9999].map((point) => pickLevel(loads, point))).toEqual([1, 1, 2, 2]);
  });
});

it("localities are scaled by health, above 72 % of which nothing is taken away", () => {
  const of = (weight: number, healthy: number) => ({ weight, healthy, total: 10 });
  const shares = (...list: readonly ReturnType<typeof of>[]) =>
    localityShares(list).map((share) => Math.round(share * 1000) / 1000);
  expect(shares(of(1, 8), of(1, 10))).toEqual([0.5, 0.5]);
  expect(shares(of(1, 5), of(1, 10))).toEqual([0.412, 0.588]);
  expect(shares(of(2, 5), of(1, 10), of(0, 10))).toEqual([0.583, 0.417, 0]);
  expect(localityShares([of(1, 5), of(1, 10)], 2)).toEqual([0.5, 0.5]);
  expect(shares(of(1, 0), of(1, 0))).toEqual([0, 0]);
  expect(localityShares([{ weight: 1, healthy: 0, total: 0 }, of(1, 10)])).toEqual([0, 1]);
});

describe("slow start", () => {
  const settings = { windowMs: 10_000, aggression: 1, least: 0.1 };
  it.each([
    [-1, 1, 1],
    [0, 1, 0.1],
    [1000, 1, 0.1],
    [2000, 1, 0.2],
    [5000, 1, 0.5],
    [9999, 1, 0.9999],
    [10_000, 1, 1],
    [2500, 2, 0.5],
    [2500, 0.5, 0.1],
  ])("at %i ms, aggression %d: %d", (ageMs, aggression, factor) => {
    expect(slowStartFactor({ ...settings, aggression }, ageMs)).toBeCloseTo(factor, 9);
  });

  it("counts the first second as one, and a window shorter than that as over", () => {
    expect(slowStartFactor({ ...settings, least: 0 }, 0)).toBeCloseTo(0.1, 9);
    expect(slowStartFactor({ ...settings, windowMs: 500 }, 100)).toBe(1);
  });
});

describe("smoothed latency", () => {
  it("is that of now: an idle endpoint gets cheaper, a clock that goes back changes nothing", () => {
    const state = { ewmaMs: 100, atMs: 5000 };
    expect(ewmaCost(state, 0, 1, 5000)).toBe(100);
    expect(ewmaCost(state, 0, 1, 5000 + DECAY_MS)).toBeCloseTo(100 / Math.E, 9);
    expect(ewmaCost(state, 0, 1, 0)).toBe(100);
    expect(ewmaCost(state, 1, 4, 5000)).toBe(50);
    expect(ewmaCost({ ewmaMs: 0, atMs: 0 }, 1, 1, 0)).toBe(0.002);
  });

  it("takes in a slow answer whole and a fast one by time", () => {
    const state = { ewmaMs: 100, atMs: 0 };
    observeLatency(state, 50, 0);
    expect(state).toEqual({ ewmaMs: 100, atMs: 0 });
    observeLatency(state, 0, DECAY_MS);
    expect(state.ewmaMs).toBeCloseTo(100 / Math.E, 9);
    expect(state.atMs).toBe(DECAY_MS);
  });
});
