// A shard of a circuit between those who tell it and a root that may be away, and who calls which.
import { describe, expect, it } from "vitest";
import { createKeeper } from "../../durable-objects/circuit-breaker/keeper.ts";
import { STEPS } from "../../durable-objects/circuit-breaker/schema.ts";
import { type Root, ShardKeeper } from "../../durable-objects/circuit-breaker/shard.ts";
import type { Clock } from "../../durable-objects/clock.ts";
import { migrate } from "../../durable-objects/sql.ts";
import { DEFAULT_BREAKER } from "../../mesh/contract/defaults.ts";
import type { BreakerDelta } from "../../mesh/contract/pulse.ts";
import { memorySql } from "./memory-sql.ts";
import { SILENT } from "../mesh/algorithms/circuits.ts";

const NAME = "breaker:default/b|default/b";
const part = (sequence: number, change: Partial<BreakerDelta>, isolate = "i") => ({
  workload: "default/a",
  isolate,
  sequence,
  delta: { ...SILENT, ...change },
});

/** A clock whose sleepers wake when it is moved past their time. */
function steppedClock() {
  let nowMs = 1_767_225_600_000;
  let ids = 0;
  let drawn = 64;
  const sleepers = new Set<{ atMs: number; wake: () => void }>();
  const clock: Clock = {
    now: () => nowMs,
    random: (size) => new Uint8Array(size).fill((drawn += 64)),
    uuid: () => `id${++ids}`,
    sleep: (ms) => new Promise((wake) => sleepers.add({ atMs: nowMs + ms, wake: () => wake() })),
  };
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const advance = async (ms: number): Promise<void> => {
    nowMs += ms;
    for (const sleeper of sleepers) {
      if (sleeper.atMs > nowMs) continue;
      sleepers.delete(sleeper);
      sleeper.wake();
    }
    await settle();
  };
  return { clock, advance, settle };
}

/** How a call of the root goes: well, lost on its way, or taken with its answer lost. */
type Way = "well" | "lost" | "unanswered";

function setUp() {
  const { clock, advance, settle } = steppedClock();
  const sql = memorySql();
  migrate(sql, STEPS);
  const keeper = createKeeper(sql, clock);
  const merges: { sequences: number[]; calls: number | undefined }[] = [];
  const behind: Promise<unknown>[] = [];
  const root = {
    way: "well" as Way,
    size: { shards: 32 } as { shards?: number },
    asked: 0,
    wait: async (): Promise<void> => undefined,
  };
  const through = async <T>(work: () => T): Promise<T> => {
    if (root.way === "lost") throw new Error("lost");
    const answer = work();
    await root.wait();
    if (root.way === "unanswered") throw new Error("unanswered");
    return answer;
  };
  const api: Root = {
    merge: (object, parts, policy, calls) =>
      through(() => {
        merges.push({ sequences: parts.map(({ sequence }) => sequence), calls });
        keeper.take(parts, policy);
        return { ...keeper.verdict(object), ...root.size };
      }),
    lease: (object, parts, policy) =>
      through(() => {
        root.asked += 1;
        keeper.take(parts, policy);
        return { lease: keeper.grant(policy), verdict: keeper.verdict(object), ...root.size };
      }),
  };
  const born = () =>
    new ShardKeeper(
      NAME,
      () => api,
      clock,
      (work) => behind.push(work),
    );
  const tell = (shard: ShardKeeper, ...parts: ReturnType<typeof part>[]) =>
    shard.merge(parts, DEFAULT_BREAKER);
  const ask = (shard: ShardKeeper) => shard.lease(DEFAULT_BREAKER);
  return { advance, settle, keeper, merges, behind, root, born, tell, ask };
}

describe("a shard", () => {
  it("asks the root at once where it knows nothing, once for all who wait", async () => {
    const { born, tell, merges, advance } = setUp();
    const shard = born();
    const both = Promise.all([
      tell(shard, part(1, { failed: 1 })),
      tell(shard, part(1, { failed: 1 }, "j")),
    ]);
    const verdict = { object: NAME, state: "closed", generation: 0, probeInMs: 0, shards: 32 };
    expect(await both).toEqual([verdict, verdict]);
    expect(merges).toEqual([{ sequences: [], calls: 1 }]);
    await advance(499);
    expect(merges).toHaveLength(1);
    await advance(1);
    expect(merges.slice(1)).toEqual([{ sequences: [1, 1], calls: 1 }]);
  });

  it("then answers with what it heard, and tells the root twice a second at most", async () => {
    const { born, tell, merges, advance, keeper } = setUp();
    const shard = born();
    await tell(shard);
    for (let time = 5; time <= 7; time++)
      expect((await tell(shard, part(time, { failed: 10 }))).state).toBe("closed");
    expect(merges).toHaveLength(1);
    await advance(500);
    // What an isolate tells first goes on as it is, what comes after that added up.
    expect(merges.slice(1)).toEqual([{ sequences: [5, 1], calls: 3 }]);
    expect(keeper.verdict(NAME).state).toBe("open");
    const opened = await tell(shard);
    expect(opened).toMatchObject({ state: "open", generation: 1, shards: 32 });
    await advance(300);
    const later = await tell(shard);
    expect(later.probeInMs).toBeCloseTo(opened.probeInMs - 300, 3);
    await advance(199);
    expect(merges).toHaveLength(2);
    await advance(1);
    expect(merges.slice(2)).toEqual([{ sequences: [], calls: 2 }]);
    await advance(5000);
    expect(merges).toHaveLength(3);
  });

  it.each(["lost", "unanswered"] as const)(
    "tells what was %s again until the root took it, and it counts once",
    async (way) => {
      const { born, tell, merges, advance, root, keeper } = setUp();
      const shard = born();
      await tell(shard, part(1, {}));
      await advance(500);
      await tell(shard, part(2, { failed: 10 }));
      root.way = way;
      await advance(500);
      await tell(shard, part(3, { failed: 9 }));
      await advance(500);
      await advance(500);
      root.way = "well";
      await advance(500);
      expect(merges.at(-1)).toEqual({ sequences: [1], calls: 2 });
      await advance(500);
      expect(merges.at(-1)).toEqual({ sequences: [2], calls: 0 });
      expect(keeper.verdict(NAME).state).toBe("closed");
      await tell(shard, part(4, { failed: 1 }));
      await advance(500);
      expect(keeper.verdict(NAME).state).toBe("open");
    },
  );

  it("says so where the root is away and it knows nothing, and took nothing of what it was told", async () => {
    const { born, tell, advance, root, keeper } = setUp();
    const shard = born();
    root.way = "lost";
    await expect(tell(shard, part(1, { failed: 20 }))).rejects.toThrow("lost");
    await expect(tell(shard, part(1, { failed: 20 }))).rejects.toThrow("lost");
    root.way = "well";
    expect((await tell(shard, part(1, { failed: 20 }))).state).toBe("closed");
    await advance(500);
    expect(keeper.verdict(NAME)).toMatchObject({ state: "open", generation: 1 });
  });

  it("takes nothing and gives no lease where the circuit is no tree, until it is one again", async () => {
    const { born, tell, ask, advance, root, keeper, merges } = setUp();
    const shard = born();
    await tell(shard, part(1, { failed: 1 }));
    root.size = {};
    await advance(500);
    expect(await tell(shard, part(2, { failed: 20 }))).not.toHaveProperty("shards");
    const { lease, verdict, ...size } = await ask(shard);
    expect([lease, verdict.state, size]).toEqual([0, "closed", {}]);
    await advance(5000);
    expect(merges.map(({ sequences }) => sequences)).toEqual([[], [1], [], []]);
    root.size = { shards: 32 };
    expect(await tell(shard, part(2, { failed: 20 }))).toMatchObject({ shards: 32 });
    await advance(500);
    expect(keeper.verdict(NAME).state).toBe("open");
  });

  it("gives up after a while, until it is called again", async () => {
    const { born, tell, advance, root, behind, merges } = setUp();
    const shard = born();
    await tell(shard);
    root.way = "lost";
    await tell(shard, part(1, { failed: 1 }));
    for (let time = 0; time < 19; time++) await advance(500);
    let isOver = false;
    void Promise.all(behind).then(() => {
      isOver = true;
    });
    await advance(0);
    expect(isOver).toBe(false);
    await advance(500);
    expect(isOver).toBe(true);
    root.way = "well";
    await tell(shard);
    await advance(500);
    expect(merges.at(-1)?.sequences).toEqual([1]);
  });

  it("begun anew tells under another id, so that nothing is taken for told", async () => {
    const { born, tell, advance, keeper } = setUp();
    for (const isolate of ["i", "j"]) {
      const shard = born();
      await tell(shard, part(1, {}, isolate));
      await tell(shard, part(2, { failed: 10 }, isolate));
      await advance(500);
    }
    expect(keeper.verdict(NAME).state).toBe("open");
  });

  it("asks for a lease one at a time, and a no holds for half a second", async () => {
    const { born, tell, ask, advance, settle, root } = setUp();
    const shard = born();
    await tell(shard, part(1, { failed: 20 }));
    expect(await ask(shard)).toMatchObject({ lease: 0, verdict: { state: "open" } });
    await advance(499);
    await ask(shard);
    expect(root.asked).toBe(1);
    await advance(1000);
    let go = (): void => undefined;
    root.wait = () =>
      new Promise((resolve) => {
        go = resolve;
      });
    const first = ask(shard);
    await settle();
    expect(await ask(shard)).toMatchObject({ lease: 0, shards: 32 });
    root.wait = async () => undefined;
    go();
    const leases = [await first, await ask(shard), await ask(shard), await ask(shard)];
    expect(leases.map(({ lease }) => lease)).toEqual([1, 2, 3, 0]);
    expect(root.asked).toBe(5);
    await ask(born());
    expect(root.asked).toBe(6);
  });

  it("tells with a question what it has gathered, and lets the next one ask where it failed", async () => {
    const { born, tell, ask, advance, root, keeper } = setUp();
    const shard = born();
    await tell(shard);
    await tell(shard, part(1, { failed: 20 }));
    root.way = "unanswered";
    await expect(ask(shard)).rejects.toThrow("unanswered");
    root.way = "well";
    expect((await ask(shard)).verdict).toMatchObject({ state: "open", generation: 1 });
    await advance(500);
    expect(keeper.verdict(NAME).generation).toBe(1);
  });
});
