// When a circuit becomes a tree, and what its shards tell the root: all they were told, once.
import { describe, expect, it } from "vitest";
import {
  batchOf,
  circuitOf,
  countCalls,
  gather,
  hasUntold,
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

describe("a circuit becomes a tree", () => {
  it("of nine with more than 250 calls in a second", () => {
    const load = newLoad();
    for (let call = 0; call < 250; call++) expect(countCalls(load, 1, START + 999)).toBe(0);
    expect(countCalls(load, 1, START + 999)).toBe(9);
  });

  it.each([
    ["within a second", 999, 9],
    ["not over more than one", 1000, 0],
  ])("%s", (_, afterMs, shards) => {
    const load = newLoad();
    expect(countCalls(load, 250, START)).toBe(0);
    expect(countCalls(load, 1, START + afterMs)).toBe(shards);
  });

  it("and begins to count anew with each second", () => {
    const load = newLoad();
    for (let second = 0; second < 5; second++)
      expect(countCalls(load, 250, START + second * 1000)).toBe(0);
    countCalls(load, 0, START + 5000);
    expect(countCalls(load, 250, START + 5999)).toBe(0);
    expect(countCalls(load, 1, START + 5999)).toBe(9);
  });

  it("and is one for ten minutes after", () => {
    const load = newLoad();
    countCalls(load, 251, START);
    countCalls(load, 251, START + 5000);
    expect(countCalls(load, 0, START + 604_999)).toBe(9);
    expect(countCalls(load, 0, START + 605_000)).toBe(0);
  });

  it("whose shards have names that say so", () => {
    expect(shardName(3, NAME)).toBe(`shard 3 ${NAME}`);
    expect(circuitOf(shardName(12, NAME))).toBe(NAME);
    for (const other of [NAME, `a ${shardName(3, NAME)}`, "shard x b", "shard 3", "shard 3 "])
      expect(circuitOf(other), other).toBeNull();
  });
});

describe("a shard", () => {
  const told = (...parts: readonly TakenPart<BreakerDelta>[]) => {
    const shard = newShard("born");
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

  it("tells the same again until the root took it, then what came meanwhile", () => {
    const shard = newShard("born");
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
