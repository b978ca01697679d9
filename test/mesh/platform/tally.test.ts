// What an isolate counts between two pulses: all of it, once, in bounded memory.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countOf } from "../../../mesh/algorithms/histogram/merge.ts";
import type { TelemetryDelta } from "../../../mesh/contract/telemetry.ts";
import { createTally } from "../../../mesh/platform/tally.ts";
import { holds } from "../property.ts";

const sum = (deltas: readonly (TelemetryDelta | null)[]): number =>
  deltas
    .flatMap((delta) => delta?.series ?? [])
    .flatMap(({ outcomes }) => [...outcomes.values()])
    .reduce((all, count) => all + count, 0);

describe("a tally", () => {
  it("hands out each count once, whenever it is drained", () => {
    holds(
      fc.property(
        fc.array(fc.tuple(fc.nat(2), fc.nat(2), fc.boolean()), { maxLength: 50 }),
        (steps) => {
          const opened: string[] = [];
          const tally = createTally((destination) => opened.push(destination));
          const told: (TelemetryDelta | null)[] = [];
          for (const [destination, endpoint, isDrained] of steps) {
            tally.add("actual", `d${destination}`, "s", `e${endpoint}`, "", "ok", 0, 5);
            if (isDrained) told.push(tally.drain(`d${destination}`, 1));
          }
          for (const destination of opened) told.push(tally.drain(destination, 2));
          expect(sum(told)).toBe(steps.length);
          expect(new Set(opened).size).toBe(opened.length);
          expect(
            opened.map((destination) => tally.drain(destination, 3)).every((one) => one === null),
          ).toBe(true);
        },
      ),
      0.1,
    );
  });

  it("leaves what it handed out alone", () => {
    const tally = createTally(() => undefined);
    tally.add("effective", "d", "s", "", "", "ok", 1, 3);
    const first = tally.drain("d", 1);
    tally.add("effective", "d", "s", "", "", "ok", 1, 3);
    expect(sum([first])).toBe(1);
    expect(first?.series[0]).toMatchObject({ retries: 1, source: "s", facet: "effective" });
    expect(countOf(first!.series[0]!.durations)).toBe(1);
    expect(sum([tally.drain("d", 2)])).toBe(1);
  });

  it("does not grow with what it is given", () => {
    const tally = createTally(() => undefined);
    for (let index = 0; index < 100_000; index++)
      tally.add("actual", "d", "s", `e${index}`, `r${index}`, "ok", 0, index);
    const delta = tally.drain("d", 1);
    expect(delta!.series.length).toBeLessThanOrEqual(2001);
    expect(sum([delta])).toBe(100_000);
    // Emptied, it has room again.
    tally.add("actual", "d", "s", "e0", "", "ok", 0, 1);
    expect(tally.drain("d", 2)?.series[0]?.endpoint).toBe("e0");
  });
});
