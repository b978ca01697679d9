// What circuits say beside their state: to whom, for how long, and that builds which know nothing of it do not matter.
import { describe, expect, it } from "vitest";
import { createKeeper } from "../../durable-objects/circuit-breaker/keeper.ts";
import { STEPS } from "../../durable-objects/circuit-breaker/schema.ts";
import { toReport } from "../../durable-objects/pulse/sound.ts";
import { createTrees } from "../../durable-objects/pulse/trees.ts";
import { createCircuits } from "../../durable-objects/registry/circuits.ts";
import { STEPS as REGISTRY_STEPS } from "../../durable-objects/registry/schema.ts";
import { migrate } from "../../durable-objects/sql.ts";
import { batchOf, gather, newShard } from "../../mesh/algorithms/breaker/shard.ts";
import { DEFAULT_BREAKER } from "../../mesh/contract/defaults.ts";
import type { BreakerDelta, Verdict } from "../../mesh/contract/pulse.ts";
import { NAME, SILENT } from "../mesh/algorithms/circuits.ts";
import { memorySql, testClock } from "./memory-sql.ts";

const part = (sequence: number, change: Partial<BreakerDelta>, isolate = "i") => ({
  workload: "default/a",
  isolate,
  sequence,
  delta: { ...SILENT, ...change },
});

describe("a destination whose calls fail", () => {
  const STORM = { failed: 300, retries: 200 };
  const QUIET = { ...DEFAULT_BREAKER, failureRatio: 0 };
  const born = () => {
    const clock = testClock();
    const sql = memorySql();
    migrate(sql, STEPS);
    return { clock, keeper: createKeeper(sql, clock) };
  };

  it("is said to be rough and braked, and no more once that is over", () => {
    const { clock, keeper } = born();
    expect(Object.keys(keeper.verdict(NAME))).toEqual([
      "object",
      "state",
      "generation",
      "probeInMs",
    ]);
    keeper.take([part(1, STORM)], QUIET);
    expect(keeper.verdict(NAME)).toMatchObject({ isRough: true, isBraked: true });
    // The same part again is nothing new.
    clock.advance(4000);
    keeper.take([part(1, STORM)], QUIET);
    clock.advance(1000);
    expect(keeper.verdict(NAME)).not.toHaveProperty("isBraked");
    expect(keeper.verdict(NAME)).not.toHaveProperty("isRough");
  });

  it("by a build that tells of no retries is not braked", () => {
    const { keeper } = born();
    keeper.take([part(1, { failed: 30 })], QUIET);
    expect(keeper.verdict(NAME)).toMatchObject({ isRough: true });
    expect(keeper.verdict(NAME)).not.toHaveProperty("isBraked");
  });

  it("is told of to Registry when that changes, and every five seconds while it holds", () => {
    const { clock, keeper } = born();
    const tell = (): boolean => {
      const said = keeper.verdict(NAME);
      const isNews = keeper.isNews(said);
      if (isNews) keeper.told(said);
      return isNews;
    };
    expect(tell()).toBe(true);
    expect(tell()).toBe(false);
    keeper.take([part(1, STORM)], QUIET);
    expect(tell()).toBe(true);
    expect(tell()).toBe(false);
    clock.advance(3000);
    keeper.take([part(2, STORM)], QUIET);
    clock.advance(1999);
    expect(tell()).toBe(false);
    clock.advance(1);
    expect(tell()).toBe(true);
    clock.advance(10_000);
    expect(tell()).toBe(true);
    clock.advance(10_000);
    expect(tell()).toBe(false);
  });

  it("is told of by Registry for fifteen seconds, behind the circuits that are open", () => {
    const clock = testClock();
    const sql = memorySql();
    migrate(sql, REGISTRY_STEPS);
    const circuits = createCircuits(sql, clock);
    const said: Verdict = { object: NAME, state: "closed", generation: 0, probeInMs: 0 };
    circuits.take({ ...said, isRough: true });
    circuits.take({ ...said, object: "breaker:open", state: "open", generation: 1 });
    expect(circuits.lately()).toEqual([
      { ...said, object: "breaker:open", state: "open", generation: 1 },
      { ...said, isRough: true },
    ]);
    clock.advance(14_999);
    expect(circuits.lately()).toHaveLength(2);
    circuits.take({ ...said, isRough: true, isBraked: true });
    clock.advance(1);
    expect(circuits.lately()[1]).toEqual({ ...said, isRough: true, isBraked: true });
    circuits.take(said);
    expect(circuits.lately()).toHaveLength(1);
    circuits.take({ ...said, isBraked: true });
    clock.advance(15_000);
    expect(circuits.lately()).toHaveLength(1);
    // It is in memory only.
    circuits.take({ ...said, isBraked: true });
    expect(createCircuits(sql, clock).lately()).toHaveLength(1);
  });
});

describe("what is told of retries", () => {
  const deltaOf = (delta: object): unknown => {
    const parts = [{ object: NAME, sequence: 1, delta: { ...SILENT, ...delta } }];
    const report = { format: 1, isolate: "i", sequence: 1, version: 1, nack: null, parts };
    return toReport(report).parts?.[0]?.delta;
  };

  it.each<[what: string, told: object, taken: object]>([
    ["both", { retries: 3, withheld: 4 }, { retries: 3, withheld: 4 }],
    ["none, as an older build tells it", {}, {}],
    ["none, in numbers", { retries: 0, withheld: 0 }, {}],
    ["nonsense", { retries: "many", withheld: -5 }, {}],
  ])("is taken: %s", (_what, told, taken) => {
    expect(deltaOf(told)).toEqual({ ...SILENT, ...taken });
  });

  it("is added up by a shard", () => {
    const shard = newShard("s");
    gather(shard, [part(1, { ok: 1 })], 0);
    const rest = [{ retries: 2 }, { retries: 3, withheld: 1 }, {}];
    for (const [at, change] of rest.entries()) gather(shard, [part(at + 2, change)], 0);
    expect(batchOf(shard).map(({ delta }) => [delta.retries, delta.withheld])).toEqual([
      [undefined, undefined],
      [5, 1],
    ]);
  });

  it("comes back from a tree", async () => {
    const word = { object: NAME, state: "closed", generation: 0, probeInMs: 0 } as const;
    const braked = { ...word, isRough: true, isBraked: true };
    const trees = createTrees(testClock());
    trees.heard(NAME, 4);
    const said = await trees.tell(NAME, [part(1, {})], async () => ({ ...braked, shards: 4 }));
    expect(said).toEqual(braked);
  });
});
