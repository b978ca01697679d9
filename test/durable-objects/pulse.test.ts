// What Pulse answers and when it asks the Registry, by a clock that stands.
import { describe, expect, it } from "vitest";
import { createPulseMemory } from "../../durable-objects/pulse/memory.ts";
import type { Clock } from "../../durable-objects/clock.ts";
import type { IsolateSeen } from "../../mesh/contract/state.ts";

/** A clock whose sleepers wake when it is moved past their time. */
function steppedClock() {
  let nowMs = 1_000_000;
  const sleepers: { atMs: number; wake: () => void }[] = [];
  const clock: Clock = {
    now: () => nowMs,
    random: (size) => new Uint8Array(size),
    uuid: () => "",
    sleep: (ms) => new Promise((wake) => sleepers.push({ atMs: nowMs + ms, wake: () => wake() })),
  };
  const advance = async (ms: number): Promise<void> => {
    nowMs += ms;
    for (const sleeper of sleepers) if (sleeper.atMs <= nowMs) sleeper.wake();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, advance };
}

function setUp() {
  const { clock, advance } = steppedClock();
  const merges: (readonly IsolateSeen[])[] = [];
  let newest = 1;
  let answer: () => Promise<void> = async () => {};
  const registry = {
    async merge(seen: readonly IsolateSeen[]) {
      merges.push(seen);
      await answer();
      return { newest, revocations: [] };
    },
  };
  const memory = createPulseMemory(clock);
  const kept: Promise<unknown>[] = [];
  const report = (isolate: string, sequence: number, version = 1) =>
    memory.report(
      "default/a",
      { format: 1, isolate, sequence, version, nack: null },
      registry,
      (work) => kept.push(work),
    );
  return {
    advance,
    merges,
    kept,
    report,
    publish: (version: number) => (newest = version),
    slow: (make: () => Promise<void>) => (answer = make),
  };
}

describe("Pulse", () => {
  it("asks once when it knows nothing, and then answers from memory", async () => {
    const { report, merges, publish } = setUp();
    expect(await report("i", 1)).toMatchObject({ newest: 1, acknowledged: 1, nextMs: 1000 });
    publish(2);
    expect((await report("i", 2)).newest).toBe(1);
    expect(merges.length).toBe(1);
  });

  it("merges what arrived in a second at once, kept alive behind the answer", async () => {
    const { report, merges, advance, kept, publish } = setUp();
    await report("i", 1);
    await report("j", 1, 5);
    await report("k", 1, 6);
    await report("j", 2, 7);
    publish(7);
    expect(merges.length).toBe(1);
    await advance(1000);
    expect(merges[1]?.map(({ isolate, version }) => `${isolate}${version}`)).toEqual(["j7", "k6"]);
    expect(kept.length).toBe(2);
    expect((await report("i", 2)).newest).toBe(7);
  });

  it("ignores a report that is not newer than the last", async () => {
    const { report, merges, advance } = setUp();
    await report("i", 5, 5);
    await report("i", 4, 4);
    await report("i", 5, 3);
    await advance(1000);
    expect(merges.flat().map(({ version }) => version)).toEqual([5]);
  });

  it("waits 40 ms for a Registry that does not answer, then answers with what it has", async () => {
    const { report, advance, slow, publish } = setUp();
    await report("i", 1);
    publish(9);
    slow(() => new Promise(() => {}));
    await advance(1001);
    const asked = report("i", 2);
    await advance(39);
    const early = await Promise.race([asked, Promise.resolve(null)]);
    expect(early).toBeNull();
    await advance(1);
    expect((await asked).newest).toBe(1);
  });

  it("starts anew where a merge was lost with its request", async () => {
    const { report, advance, slow, merges } = setUp();
    slow(() => new Promise(() => {}));
    void report("i", 1);
    await advance(40);
    slow(async () => {});
    await advance(5000);
    expect((await report("i", 2)).newest).toBe(1);
    expect(merges.length).toBe(2);
  });

  it("goes on while the Registry fails", async () => {
    const { report, advance, slow } = setUp();
    await report("i", 1);
    slow(() => Promise.reject(new Error("away")));
    await advance(2000);
    expect((await report("i", 2)).newest).toBe(1);
    slow(async () => {});
    await advance(2000);
    expect((await report("i", 3)).newest).toBe(1);
  });
});
