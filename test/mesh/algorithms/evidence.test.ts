// What counts as evidence against an endpoint, to the call: shares, rows of failures, slow calls, windows of time.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Evidence, isEnough } from "../../../mesh/algorithms/breaker/evidence.ts";
import { addCounts, countsOf, emptyWindow, roll } from "../../../mesh/algorithms/breaker/window.ts";
import { DEFAULT_BREAKER } from "../../../mesh/contract/defaults.ts";
import type { BreakerPolicy } from "../../../mesh/contract/table.ts";
import { holds } from "../property.ts";

const seen = (given: Partial<Evidence>): Evidence => ({
  ok: 0,
  failed: 0,
  slow: 0,
  run: 0,
  ...given,
});
const OFF = { consecutive: 0, failureRatio: 0, slowRatio: 0 };
const by = (change: Partial<BreakerPolicy>): BreakerPolicy => ({
  ...DEFAULT_BREAKER,
  ...OFF,
  ...change,
});

describe("a caller who makes most of the calls counts for half of them", () => {
  const [few, most] = [seen({ ok: 14, failed: 6 }), seen({ ok: 950, failed: 50 })];
  it.each<[what: string, callers: Evidence[], change: Partial<BreakerPolicy>, enough: boolean]>([
    // 1000 calls count as 40: 40 of 80 failed, and 20 of 60 without one of those that fail.
    [
      "successes",
      [seen({ ok: 1000 }), seen({ failed: 20 }), seen({ failed: 20 })],
      { failureRatio: 0.33 },
      true,
    ],
    [
      "successes, a little more asked",
      [seen({ ok: 1000 }), seen({ failed: 20 }), seen({ failed: 20 })],
      { failureRatio: 0.34 },
      false,
    ],
    // 50 failures of 1000 count as 2 of 40: 14 of 80 failed.
    ["failures", [most, few, few], { failureRatio: 0.2 }, false],
    ["failures, less asked", [most, few, few], { failureRatio: 0.13 }, true],
    [
      "slow calls",
      [seen({ ok: 1000, slow: 50 }), seen({ ok: 20, slow: 6 }), seen({ ok: 20, slow: 6 })],
      { slowRatio: 0.2 },
      false,
    ],
    [
      "slow calls, less asked",
      [seen({ ok: 1000, slow: 50 }), seen({ ok: 20, slow: 6 }), seen({ ok: 20, slow: 6 })],
      { slowRatio: 0.13 },
      true,
    ],
    // A row of 100 counts as 4: 5 are left without the row of 10.
    [
      "a row of failures",
      [
        seen({ failed: 1000, run: 100 }),
        seen({ failed: 20, run: 10 }),
        seen({ failed: 20, run: 1 }),
      ],
      { consecutive: 10 },
      false,
    ],
    [
      "a long row of failures",
      [
        seen({ failed: 1000, run: 1000 }),
        seen({ failed: 20, run: 10 }),
        seen({ failed: 20, run: 1 }),
      ],
      { consecutive: 10 },
      true,
    ],
  ])("%s", (_what, callers, change, enough) => {
    expect(isEnough(callers, by(change), 20)).toBe(enough);
  });
});

describe("what the others say is weighed without the one", () => {
  it("by failures: three who fail outvote one who does not", () => {
    const failing = seen({ failed: 20 });
    const callers = [failing, failing, failing, seen({ ok: 20 })];
    expect(isEnough(callers, by({ failureRatio: 0.65 }), 20)).toBe(true);
    expect(isEnough(callers, by({ failureRatio: 0.67 }), 20)).toBe(false);
  });

  it("by rows of failures and by slow calls, which one alone never proves", () => {
    const row = [seen({ failed: 5, run: 5 }), seen({ ok: 5 })];
    expect(isEnough(row, by({ consecutive: 5 }), 2)).toBe(false);
    const slow = [seen({ ok: 20, slow: 20 }), seen({ ok: 20 })];
    expect(isEnough(slow, by({ slowRatio: 0.5 }), 20)).toBe(false);
  });

  it("and who made no call in the window is no caller, whatever it saw before", () => {
    const gone = seen({ run: 50 });
    expect(isEnough([gone], by({ consecutive: 5 }), 20)).toBe(false);
    expect(isEnough([gone, seen({ failed: 20 })], by({ failureRatio: 0.5 }), 20)).toBe(true);
  });
});

describe("others who made too few calls to be judged by a share", () => {
  const most = seen({ failed: 1000 });
  it.each<[what: string, callers: Evidence[], change: Partial<BreakerPolicy>, enough: boolean]>([
    ["agree where five of five failed", [most, seen({ failed: 5 })], { failureRatio: 0.5 }, true],
    ["and are no voice with four", [most, seen({ failed: 4 })], { failureRatio: 0.5 }, false],
    [
      "agree together, too few as each is",
      [most, seen({ failed: 3 }), seen({ failed: 2 })],
      { failureRatio: 0.5 },
      true,
    ],
    [
      "agree where their last five failed",
      [most, seen({ ok: 10, failed: 5, run: 5 })],
      { failureRatio: 0.5 },
      true,
    ],
    [
      "and not yet where their last four did",
      [most, seen({ ok: 10, failed: 5, run: 4 })],
      { failureRatio: 0.5 },
      false,
    ],
    [
      "are judged by the share once they are enough, whatever their last five were",
      [most, seen({ ok: 15, failed: 5, run: 5 })],
      { failureRatio: 0.5 },
      false,
    ],
    [
      "object with one success in nineteen",
      [most, seen({ ok: 1, failed: 18 })],
      { failureRatio: 0.5 },
      false,
    ],
    [
      "and agree with who failed by no more than the share",
      [seen({ ok: 500, failed: 500 }), seen({ failed: 5 })],
      { failureRatio: 0.5 },
      true,
    ],
    [
      "but not with who failed by less",
      [seen({ ok: 501, failed: 499 }), seen({ failed: 5 })],
      { failureRatio: 0.5 },
      false,
    ],
    [
      "nor where all together are too few",
      [seen({ failed: 10 }), seen({ failed: 9 })],
      { failureRatio: 0.5 },
      false,
    ],
    [
      "agree where all were slow",
      [seen({ ok: 1000, slow: 1000 }), seen({ ok: 5, slow: 5 })],
      { slowRatio: 0.5 },
      true,
    ],
    [
      "object where one was not slow",
      [seen({ ok: 1000, slow: 1000 }), seen({ ok: 19, slow: 18 })],
      { slowRatio: 0.5 },
      false,
    ],
    [
      "say nothing of failures that are off",
      [seen({ failed: 1000, slow: 1000 }), seen({ failed: 5, run: 5 })],
      { slowRatio: 0.5 },
      false,
    ],
  ])("%s", (_what, callers, change, enough) => {
    expect(isEnough(callers, by(change), 20)).toBe(enough);
  });
});

describe("one caller alone", () => {
  it.each<[what: string, caller: Partial<Evidence>, change: Partial<BreakerPolicy>, at: boolean]>([
    ["just half slow", { ok: 20, slow: 10 }, { slowRatio: 0.5 }, true],
    ["less than half slow", { ok: 20, slow: 9 }, { slowRatio: 0.5 }, false],
    ["all slow, which is off", { ok: 20, slow: 20 }, {}, false],
    ["all failed, which is off", { failed: 20, run: 20 }, {}, false],
    ["just a row of five", { failed: 5, run: 5 }, { consecutive: 5 }, true],
    ["a row of four", { failed: 20, run: 4 }, { consecutive: 5 }, false],
    ["just the volume", { failed: 20 }, { failureRatio: 1 }, true],
    ["a call short of the volume", { failed: 19 }, { failureRatio: 1 }, false],
    ["no call, where no volume is asked", {}, { failureRatio: 0.5 }, false],
  ])("%s", (what, caller, change, at) => {
    const least = what.startsWith("no call") ? 0 : 20;
    expect(isEnough([seen(caller)], by(change), least)).toBe(at);
    expect(isEnough([seen(caller)], by(change), least, true)).toBe(at);
  });

  it("needs its share exactly, though sums of thirds are not exact", () => {
    const third = seen({ ok: 2 / 3, failed: 1 / 3 });
    const callers = Array.from({ length: 60 }, () => third);
    expect(isEnough(callers, by({ failureRatio: 1 / 3 }), 59)).toBe(true);
  });
});

it("a window holds what is younger than half of it, and nothing as old as itself", () => {
  const event = fc.record({
    afterMs: fc.nat(9),
    ok: fc.nat(3),
    failed: fc.nat(3),
    slow: fc.nat(3),
  });
  const windowMs = 8;
  holds(
    fc.property(fc.array(event, { maxLength: 20 }), fc.nat(9), (events, waitMs) => {
      const window = emptyWindow();
      let nowMs = 1000;
      const told = events.map((counts) => {
        nowMs += counts.afterMs;
        roll(window, windowMs, nowMs);
        addCounts(window, counts);
        return { ...counts, atMs: nowMs };
      });
      nowMs += waitMs;
      roll(window, windowMs, nowMs);
      const held = countsOf(window);
      for (const name of ["ok", "failed", "slow"] as const) {
        const within = (ageMs: number): number =>
          told.reduce((sum, one) => sum + (nowMs - one.atMs < ageMs ? one[name] : 0), 0);
        expect(held[name]).toBeGreaterThanOrEqual(within(windowMs / 2));
        expect(held[name]).toBeLessThanOrEqual(within(windowMs));
      }
    }),
    0.2,
  );
});
