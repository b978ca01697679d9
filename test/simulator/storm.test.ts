// What retries make of an outage at size, without the edge's brake and with it; docs/scale.md gives the figures.
import { describe, expect, it } from "vitest";
import { runStorm, type StormOptions } from "./storm.ts";

const ROUTE: StormOptions = {
  isolates: 2000,
  rate: 2,
  seed: 1,
  attempts: 3,
  fromRoute: true,
  isHeard: true,
};

describe("a route's three retries in an outage of a minute, 2,000 isolates", () => {
  it("multiply it by four where nobody hears of the brake", () => {
    expect(runStorm({ ...ROUTE, isHeard: false }).whole).toBe(4);
  }, 120_000);

  it.each([1, 2])(
    "add nearly nothing once the brake is published, by seed %i",
    (seed) => {
      const { whole, braked, brakedMs, releasedMs, lapses } = runStorm({ ...ROUTE, seed });
      expect(brakedMs).toBeGreaterThan(0);
      expect(brakedMs).toBeLessThan(3000);
      expect(braked).toBeLessThanOrEqual(1.1);
      expect(braked).toBeGreaterThanOrEqual(1);
      // The seconds until everybody has heard of it are in this one.
      expect(whole).toBeLessThan(1.3);
      expect(lapses).toBe(0);
      expect(releasedMs).toBeGreaterThan(0);
      expect(releasedMs).toBeLessThan(10_000);
    },
    60_000,
  );

  it("are left alone where a tenth of the attempts fails", () => {
    const { whole, brakedMs } = runStorm({ ...ROUTE, failShare: 0.1 });
    expect(brakedMs).toBe(-1);
    expect(whole).toBeGreaterThan(1.1);
  }, 120_000);

  it.each([0.3])(
    "are held back where %f of them fails",
    (failShare) => {
      const { braked, lapses } = runStorm({ ...ROUTE, failShare });
      expect(braked).toBeLessThanOrEqual(1.1);
      expect(lapses).toBe(0);
    },
    60_000,
  );
});

it("holds for a few isolates as for many", () => {
  const { braked, lapses } = runStorm({ ...ROUTE, isolates: 3, rate: 2 });
  expect(braked).toBeLessThanOrEqual(1.1);
  expect(lapses).toBe(0);
});

describe("the default retry, where isolates live for five seconds", () => {
  const FRESH: StormOptions = { ...ROUTE, attempts: 1, fromRoute: false, lifeMs: 5000 };

  it("adds more than a tenth by the tokens of those that are fresh, where nobody hears", () => {
    expect(runStorm({ ...FRESH, isHeard: false }).whole).toBeGreaterThan(1.1);
  }, 120_000);

  it("adds less than a tenth where a destination is known to be rough", () => {
    expect(runStorm(FRESH).whole).toBeLessThan(1.05);
  }, 120_000);
});
