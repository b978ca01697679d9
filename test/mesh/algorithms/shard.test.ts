// When a circuit becomes a tree, and what its shards tell the root: all they were told, once.
import { describe, expect, it } from "vitest";
import {
  addressed,
  batchOf,
  circuitOf,
  countCalls,
  gather,
  handOnInMs,
  hasUntold,
  type Load,
  newLoad,
  newShard,
  rootTook,
  shardName,
} from "../../../mesh/algorithms/breaker/shard.ts";
import type { BreakerDelta } from "../../../mesh/contract/pulse.ts";
import type { TakenPart } from "../../../mesh/contract/state.ts";
import { NAME, SILENT, START } from "./circuits.ts";

const part = (
  sequence: number,
  change: Partial<BreakerDelta>,
  { workload = "ns/a", isolate = "i" } = {},
): TakenPart<BreakerDelta> => ({ workload, isolate, sequence, delta: { ...SILENT, ...change } });

/** So many calls, none of them a shard's; what the last one is told. */
const crowd = (load: Load, calls: number, atMs: number): number => {
  let shards = 0;
  for (let call = 0; call < calls; call++) shards = countCalls(load, undefined, atMs);
  return shards;
};

describe("a circuit becomes a tree", () => {
  it("of 32 with more than 250 calls in a second", () => {
    const load = newLoad();
    expect(crowd(load, 250, START + 999)).toBe(0);
    expect(countCalls(load, undefined, START + 999)).toBe(32);
  });

  it.each([
    ["within a second", 999, 32],
    ["not over more than one", 1000, 0],
  ])("%s", (_, afterMs, shards) => {
    const load = newLoad();
    expect(crowd(load, 250, START)).toBe(0);
    expect(crowd(load, 1, START + afterMs)).toBe(shards);
  });

  it("and begins to count anew with each second", () => {
    const load = newLoad();
    for (let second = 0; second < 5; second++)
      expect(crowd(load, 250, START + second * 1000)).toBe(0);
    crowd(load, 1, START + 5000);
    expect(crowd(load, 249, START + 5999)).toBe(0);
    expect(crowd(load, 1, START + 5999)).toBe(32);
  });

  it("and is one for ten minutes after", () => {
    const load = newLoad();
    crowd(load, 251, START);
    // Its shards say how often they were called.
    countCalls(load, 251, START + 5000);
    expect(countCalls(load, 0, START + 604_999)).toBe(32);
    expect(countCalls(load, 0, START + 605_000)).toBe(0);
  });

  it("again after it began anew, where a shard of it calls; one that was one and is none any more is not", () => {
    const load = newLoad();
    expect(countCalls(load, undefined, START)).toBe(0);
    expect(countCalls(load, 0, START)).toBe(32);
    expect(countCalls(load, 0, START + 600_000)).toBe(0);
  });

  it("whose isolates each have a shard of their own, whoever hands their parts on", () => {
    const parts = Array.from({ length: 3200 }, (_, at) => part(1, {}, { isolate: `${at}` }));
    const told = addressed(NAME, parts, 32);
    expect(told.size).toBe(32);
    for (const own of told.values()) expect(own.length).toBeGreaterThan(60);
    const alone = parts.flatMap((one) => [...addressed(NAME, [one], 32).keys()]);
    for (const [at, name] of alone.entries()) expect(told.get(name)).toContain(parts[at]);
    expect([...addressed(NAME, parts, 0)]).toEqual([[NAME, parts]]);
  });

  it.each([
    ["directly a second after the last time", 0, 400, 0, 100_000, 600],
    ["directly at once after that", 0, 5000, 0, 100_000, 0],
    ["in its shards less often, the more report", 0, 400, 32, 100_000, 1875],
    ["in its shards once a second at most", 300, 400, 32, 1, 450],
    ["in its shards at its own phase, however long it was silent", 1874, 5000, 32, 100_000, 1],
    ["in its shards a whole turn later at the very time", 1875, 0, 32, 100_000, 2500],
  ])("and is told %s", (_, nowMs, sinceMs, shards, reporters, inMs) => {
    expect(handOnInMs(nowMs, sinceMs, shards, reporters, 0.25)).toBe(inMs);
  });

  it("whose shards have names that say so", () => {
    expect(shardName(3, NAME)).toBe(`shard 3 ${NAME}`);
    expect(circuitOf(shardName(12, NAME))).toBe(NAME);
    for (const other of [NAME, `a ${shardName(3, NAME)}`, "shard x b", "shard 3", "shard 3 "])
      expect(circuitOf(other), other).toBeNull();
  });
});

describe("a shard", () => {
  /** One that has heard of who tells. */
  const known = (...tellers: readonly TakenPart<BreakerDelta>[]) => {
    const shard = newShard("born");
    gather(
      shard,
      tellers.map((teller) => ({ ...teller, sequence: 0 })),
      START,
    );
    rootTook(shard, batchOf(shard));
    return shard;
  };
  const told = (...parts: readonly TakenPart<BreakerDelta>[]) => {
    const shard = known(...parts);
    gather(shard, parts, START);
    return batchOf(shard);
  };

  it("adds up by caller and generation, each under a sequence of its own", () => {
    const b = { workload: "ns/b", isolate: "i" };
    expect(
      told(
        part(1, { generation: 1, ok: 1, failed: 2, slow: 3, held: 4 }),
        part(2, { generation: 1, ok: 10, failed: 20, slow: 30, held: 40 }, { isolate: "j" }),
        part(1, { generation: 1, failed: 5 }, b),
        part(2, { generation: 2, failed: 6 }),
      ),
    ).toEqual([
      {
        ...part(1, { generation: 1, ok: 11, failed: 22, slow: 33, held: 44 }),
        isolate: "born",
        delta: {
          ...SILENT,
          generation: 1,
          ok: 11,
          failed: 22,
          slow: 33,
          held: 44,
          recent: { ok: 11, failed: 22, slow: 33 },
        },
      },
      { ...part(2, { generation: 1, failed: 5 }, b), isolate: "born" },
      { ...part(3, { generation: 2, failed: 6 }), isolate: "born" },
    ]);
  });

  const recent = { ok: 1, failed: 2, slow: 3 };
  it.each([
    ["both say what is of the last second", { recent }, { recent }, { ok: 2, failed: 4, slow: 6 }],
    ["who does not say so means all: the first", { ok: 7 }, { recent }, { ...recent, ok: 8 }],
    ["who does not say so means all: the next", { recent }, { slow: 7 }, { ...recent, slow: 10 }],
  ])("%s", (_, first, next, sum) => {
    const [one] = told(part(1, first), part(2, next));
    expect(one?.delta.recent).toEqual(sum);
  });

  it.each([
    ["failures make a run longer", { failed: 3, run: 3 }, { failed: 4, run: 9 }, 7],
    ["a success ends it", { failed: 3, run: 3 }, { ok: 1, failed: 4, run: 2 }, 2],
  ])("%s", (_, first, next, run) => {
    const [one] = told(part(1, first), part(2, next, { isolate: "j" }));
    expect(one?.delta.run).toBe(run);
  });

  it("hands on every probe", () => {
    const probes = [1, 2, 3].map((lease) => ({ lease, isOk: lease > 1 }));
    const [one] = told(
      part(1, { probes: probes.slice(0, 1) }),
      part(2, { probes: probes.slice(1) }),
    );
    expect(one?.delta.probes).toEqual(probes);
  });

  it("takes a part once, of each isolate of each caller", () => {
    const [a, b] = told(
      part(2, { failed: 1 }),
      part(2, { failed: 1 }),
      part(1, { failed: 1 }),
      part(2, { failed: 1 }, { isolate: "j" }),
      part(2, { failed: 1 }, { workload: "ns/b" }),
    );
    expect([a?.delta.failed, b?.delta.failed]).toEqual([2, 1]);
  });

  it("hands on as it is what comes with an isolate's first part, since the root may know it", () => {
    const shard = newShard("born");
    const first = [part(4, { failed: 1 }), part(5, { failed: 2 })];
    gather(shard, first, START);
    expect(hasUntold(shard)).toBe(true);
    gather(shard, [...first, part(6, { failed: 4 })], START);
    expect(batchOf(shard)).toEqual([...first, { ...part(1, { failed: 4 }), isolate: "born" }]);
    rootTook(shard, batchOf(shard));
    expect(hasUntold(shard)).toBe(false);
    // Who was silent for ten minutes begins anew.
    gather(shard, [part(1, {}, { isolate: "j" }), part(7, {})], START + 600_000);
    gather(shard, [part(8, {}), part(2, {}, { isolate: "j" })], START + 600_001);
    expect(batchOf(shard).map(({ isolate }) => isolate)).toEqual(["j", "born"]);
  });

  it("adds up first parts too, of more than it may hold", () => {
    const flood = Array.from({ length: 4098 }, (_, at) => part(1, { ok: 1 }, { isolate: `${at}` }));
    const shard = newShard("born");
    gather(shard, flood, START);
    const batch = batchOf(shard);
    expect(batch).toHaveLength(4097);
    expect(batch.at(-1)).toMatchObject({ isolate: "born", delta: { ok: 2 } });
  });

  it("tells the same again until the root took it, then what came meanwhile", () => {
    const shard = known(part(1, {}));
    expect(hasUntold(shard)).toBe(false);
    expect(batchOf(shard)).toEqual([]);
    gather(shard, [part(1, { failed: 1 })], START);
    expect(hasUntold(shard)).toBe(true);
    const first = batchOf(shard);
    expect(hasUntold(shard)).toBe(true);
    gather(shard, [part(2, { failed: 2 })], START);
    expect(batchOf(shard)).toBe(first);
    rootTook(shard, first);
    expect(hasUntold(shard)).toBe(true);
    const next = batchOf(shard);
    expect(next).toEqual([{ ...part(2, { failed: 2 }), isolate: "born" }]);
    // Of a batch that was told twice the second answer comes late.
    rootTook(shard, first);
    expect(batchOf(shard)).toBe(next);
    rootTook(shard, next);
    expect(hasUntold(shard)).toBe(false);
    expect(batchOf(shard)).toEqual([]);
  });

  it("forgets the oldest of more sums than it may hold", () => {
    const flood = Array.from({ length: 4096 }, (_, at) => part(at + 1, { generation: at }));
    expect(told(...flood)).toHaveLength(4096);
    const batch = told(...flood, part(5000, { generation: 5000 }));
    expect(batch).toHaveLength(4096);
    expect(batch[0]?.delta.generation).toBe(1);
  });
});
