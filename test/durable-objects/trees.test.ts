// Whom a Pulse isolate tells of a circuit: the circuit itself, or of a tree the shard of each isolate.
import { describe, expect, it } from "vitest";
import type { Clock } from "../../durable-objects/clock.ts";
import { createTrees } from "../../durable-objects/pulse/trees.ts";
import type { CircuitWord } from "../../mesh/contract/state.ts";
import { NAME, SILENT } from "../mesh/algorithms/circuits.ts";

function movedClock() {
  let nowMs = 1_767_225_600_000;
  const clock: Clock = {
    now: () => nowMs,
    random: (size) => new Uint8Array(size),
    uuid: () => "id",
    sleep: async () => undefined,
  };
  const pass = (ms: number): void => void (nowMs += ms);
  return { clock, pass };
}

describe("a Pulse isolate", () => {
  const word = (shards?: number, generation = 0): CircuitWord => ({
    object: NAME,
    state: "closed",
    generation,
    probeInMs: 0,
    ...(shards === undefined ? {} : { shards }),
  });
  const PARTS = Array.from({ length: 40 }, (_, at) => ({
    workload: "default/a",
    isolate: `${at}`,
    sequence: 1,
    delta: SILENT,
  }));
  /** Objects that answer as `wordOf` says, by their names. */
  const objectsOf = (wordOf: (name: string) => CircuitWord) => {
    const told = new Map<string, number>();
    const merge = async (name: string, parts: readonly unknown[]): Promise<CircuitWord> => {
      told.set(name, (told.get(name) ?? 0) + parts.length);
      return wordOf(name);
    };
    return { told, merge };
  };
  const isShard = (name: string): boolean => name.startsWith("shard ");

  it("takes a circuit for a tree for ten minutes after it heard of shards, or until it hears of none", () => {
    const { clock, pass } = movedClock();
    const trees = createTrees(clock);
    expect(trees.shardsOf(NAME)).toBe(0);
    trees.heard(NAME, 9);
    expect(trees.shardsOf(NAME)).toBe(9);
    expect(trees.shardsOf("breaker:other")).toBe(0);
    pass(1000);
    trees.heard(NAME, 9);
    pass(599_999);
    expect(trees.shardsOf(NAME)).toBe(9);
    pass(1);
    expect(trees.shardsOf(NAME)).toBe(0);
    trees.heard(NAME, 9);
    trees.heard(NAME, undefined);
    expect(trees.shardsOf(NAME)).toBe(0);
  });

  it("tells a circuit, and from when that says it is a tree the shard of each isolate, and the other way round", async () => {
    const trees = createTrees(movedClock().clock);
    const direct = objectsOf(() => word());
    expect(await trees.tell(NAME, PARTS, direct.merge)).toEqual(word());
    expect([...direct.told]).toEqual([[NAME, 40]]);

    const tree = objectsOf((name) => word(4, isShard(name) ? 2 : 1));
    expect(await trees.tell(NAME, PARTS, tree.merge)).toEqual(word(undefined, 2));
    expect([...tree.told.keys()].toSorted()).toEqual([
      NAME,
      ...[0, 1, 2, 3].map((shard) => `shard ${shard} ${NAME}`),
    ]);
    const again = objectsOf((name) => word(4, isShard(name) ? 2 : 1));
    await trees.tell(NAME, PARTS, again.merge);
    tree.told.delete(NAME);
    expect(again.told).toEqual(tree.told);
    expect([...again.told.values()].reduce((sum, count) => sum + count)).toBe(40);

    await trees.tell(NAME, PARTS, direct.merge);
    expect(direct.told.get(NAME)).toBe(80);
    expect(trees.shardsOf(NAME)).toBe(0);
  });

  it("tells only what was not taken, and says so where it was told to and fro", async () => {
    const trees = createTrees(movedClock().clock);
    trees.heard(NAME, 4);
    const torn = objectsOf((name) => word(name.startsWith("shard 0 ") ? undefined : 4));
    await expect(trees.tell(NAME, PARTS, torn.merge)).rejects.toThrow("changes its shards");
    const first = [...torn.told].find(([name]) => name.startsWith("shard 0 "));
    expect(torn.told.get(NAME)).toBe(first?.[1]);
  });

  it("forgets the tree it heard of longest ago, of more than it may remember", () => {
    const trees = createTrees(movedClock().clock);
    for (let at = 0; at < 4096; at++) trees.heard(`breaker:${at}`, 2);
    trees.heard("breaker:0", 2);
    trees.heard(NAME, 2);
    expect(trees.shardsOf("breaker:0")).toBe(2);
    expect(trees.shardsOf("breaker:1")).toBe(0);
  });
});
