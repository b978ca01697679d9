// What Telemetry keeps, over SQLite in memory: each part once, in buckets that widen, in totals that only rise.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emptyHistogram, observeValue } from "../../mesh/algorithms/histogram/histogram.ts";
import { quantile } from "../../mesh/algorithms/histogram/quantile.ts";
import type { SeriesDelta } from "../../mesh/contract/telemetry.ts";
import { migrate } from "../../durable-objects/sql.ts";
import { STEPS } from "../../durable-objects/telemetry/schema.ts";
import type { Part } from "../../durable-objects/telemetry/sound.ts";
import { MOST_SERIES } from "../../durable-objects/telemetry/series-ids.ts";
import {
  createTelemetryStore,
  type TelemetryStore,
} from "../../durable-objects/telemetry/store.ts";
import { holds } from "../mesh/property.ts";
import { memorySql, testClock } from "./memory-sql.ts";

const HOUR = 3_600_000;

function born() {
  const sql = memorySql();
  const clock = testClock();
  migrate(sql, STEPS);
  let store = createTelemetryStore(sql, clock);
  const restart = (): TelemetryStore => (store = createTelemetryStore(sql, clock));
  const countOf = (windowMs: number | null, outcome = "ok"): number =>
    store
      .read(windowMs)
      .series.reduce((sum, { outcomes }) => sum + (outcomes.get(outcome) ?? 0), 0);
  return {
    sql,
    clock,
    restart,
    countOf,
    take: (...parts: Part[]) => store.take(parts),
    read: (windowMs: number | null) => store.read(windowMs),
  };
}

function series(more: Partial<SeriesDelta> = {}, durations: readonly number[] = [5]): SeriesDelta {
  const histogram = emptyHistogram();
  for (const value of durations) observeValue(histogram, value);
  return {
    facet: "effective",
    source: "default/front",
    endpoint: "",
    route: "",
    retries: 0,
    outcomes: new Map([["ok", durations.length]]),
    durations: histogram,
    ...more,
  };
}

const part = (
  sequence: number,
  atMs: number,
  list: readonly SeriesDelta[] = [series()],
  isolate = "a",
  workload = "default/front",
): Part => ({ workload, isolate, sequence, delta: { atMs, series: list } });

describe("Telemetry", () => {
  it("counts each part once, in any order of arrival, over restarts", () => {
    holds(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.boolean()), { maxLength: 40 }),
        (steps) => {
          const { clock, restart, take, countOf } = born();
          const sent = [0, 0, 0];
          let pending: Part[] = [];
          for (const [isolate, isLost] of steps) {
            sent[isolate] = (sent[isolate] ?? 0) + 1;
            pending.push(part(sent[isolate], clock.now(), [series()], `i${isolate}`));
            clock.advance(700);
            take(...pending);
            // The answer was lost: everything is told again.
            if (isLost) restart();
            else pending = [];
          }
          expect(countOf(null)).toBe(steps.length);
          expect(countOf(HOUR)).toBe(steps.length);
        },
      ),
      0.01,
    );
  });

  it("adds up outcomes, retries and durations by edge, endpoint and route", () => {
    const { clock, take, read } = born();
    const actual = series(
      { facet: "actual", endpoint: "e", route: "default/r", retries: 2 },
      [1, 2],
    );
    const failed = series(
      {
        facet: "actual",
        endpoint: "e",
        route: "default/r",
        outcomes: new Map([["per_try_timeout", 1]]),
      },
      [900],
    );
    take(part(1, clock.now(), [series({}, [10, 20, 30]), actual]), part(2, clock.now(), [failed]));
    const [effective, endpoint] = read(60_000).series;
    expect(effective).toMatchObject({ facet: "effective", source: "default/front", retries: 0 });
    expect(endpoint).toMatchObject({
      facet: "actual",
      endpoint: "e",
      route: "default/r",
      retries: 2,
    });
    expect(endpoint?.outcomes).toEqual(
      new Map([
        ["ok", 2],
        ["per_try_timeout", 1],
      ]),
    );
    expect(Math.abs(quantile(endpoint!.durations, 1)! - 900)).toBeLessThan(20);
    expect(Math.round(quantile(effective!.durations, 0.5)!)).toBe(20);
  });

  it("widens its buckets as they age, drops them after six hours, and keeps the totals", () => {
    const { sql, clock, take, countOf } = born();
    for (let minute = 0; minute < 10; minute++) {
      for (let second = 0; second < 60; second++) {
        take(part(minute * 60 + second + 1, clock.now()));
        clock.advance(1000);
      }
    }
    expect(countOf(60_000)).toBeGreaterThanOrEqual(59);
    expect(countOf(60_000)).toBeLessThanOrEqual(61);
    expect(countOf(HOUR)).toBe(600);
    const countRows = (width: number): number =>
      sql.all("SELECT start_ms FROM bucket WHERE width_ms = ?", width).length;
    expect(countRows(1000)).toBeLessThanOrEqual(131);
    expect(countRows(10_000)).toBeLessThanOrEqual(50);
    clock.advance(HOUR);
    take(part(601, clock.now()));
    clock.advance(10_000);
    take(part(602, clock.now()));
    expect(countOf(2 * HOUR)).toBe(602);
    expect([countRows(1000), countRows(10_000)]).toEqual([2, 0]);
    clock.advance(6 * HOUR);
    for (let sequence = 603; sequence < 606; sequence++) {
      take(part(sequence, clock.now()));
      clock.advance(10_000);
    }
    expect(countOf(7 * HOUR)).toBeLessThanOrEqual(5);
    expect(countOf(null)).toBe(605);
  });

  it("stays bounded, whatever comes", () => {
    const { clock, take, read, countOf, sql } = born();
    for (let index = 0; index < 3; index++) {
      const list = Array.from({ length: 1500 }, (_, at) =>
        series({ facet: "actual", endpoint: `e${index}-${at}` }),
      );
      take(part(index + 1, clock.now(), list));
    }
    expect(read(null).series.length).toBeLessThanOrEqual(MOST_SERIES + 4);
    expect(countOf(null)).toBe(4500);
    clock.advance(700_000);
    take(part(1, clock.now(), [], "b"));
    clock.advance(700_000);
    take(part(1, clock.now(), [], "c"));
    expect(sql.all("SELECT isolate FROM reporter").length).toBe(1);
  });

  it("takes what is wrong for nothing, and no word of a Worker about another's calls", () => {
    const { clock, take, read } = born();
    const wrong = [
      null,
      {},
      series({ retries: -1 }),
      series({ facet: "whatever" as "actual" }),
      series({ source: "x".repeat(600) }),
      series({ outcomes: { ok: 1 } as never }),
      series({ outcomes: new Map([["ok", Number.NaN]]) }),
      series({ durations: { scale: 5, zero: 0, sum: 0, counts: new Map([[0.5, 1]]) } }),
      series({ durations: null as never }),
    ] as SeriesDelta[];
    take(part(1, Number.NaN, wrong), part(2, clock.now(), null as never));
    take({ ...part(3, clock.now()), delta: null as never });
    expect(read(null).series).toEqual([]);
    take(part(4, clock.now() + 1e9, [series({ source: "default/other" })]));
    expect(read(null).series).toMatchObject([{ source: "default/front" }]);
    take(part(1, 0, [series({ source: "default/other" })], "r", "heddle/relay"));
    expect(read(60_000).series.map(({ source }) => source)).toEqual([
      "default/front",
      "default/other",
    ]);
  });
});
