// A circuit around its storage, and the parts that Pulse hands on to it: once each, over losses and restarts.
import { describe, expect, it } from "vitest";
import { createKeeper } from "../../durable-objects/circuit-breaker/keeper.ts";
import { STEPS } from "../../durable-objects/circuit-breaker/schema.ts";
import { createPartsMemory, type Part } from "../../durable-objects/pulse/parts.ts";
import { toLeaseRequest, toReport } from "../../durable-objects/pulse/sound.ts";
import { createCircuits } from "../../durable-objects/registry/circuits.ts";
import { STEPS as REGISTRY_STEPS } from "../../durable-objects/registry/schema.ts";
import { migrate } from "../../durable-objects/sql.ts";
import { DEFAULT_BREAKER } from "../../mesh/contract/defaults.ts";
import type { BreakerDelta, PulsePart, PulseReport, Verdict } from "../../mesh/contract/pulse.ts";
import { memorySql, testClock } from "./memory-sql.ts";
import { SILENT } from "../mesh/algorithms/circuits.ts";

const NAME = "breaker:default/b|default/b";
const part = (sequence: number, change: Partial<BreakerDelta>, isolate = "i") => ({
  workload: "default/a",
  isolate,
  sequence,
  delta: { ...SILENT, ...change },
});

describe("CircuitBreaker", () => {
  const setUp = () => {
    const clock = testClock();
    const sql = memorySql();
    migrate(sql, STEPS);
    return { clock, keeper: () => createKeeper(sql, clock) };
  };

  it("counts a part once, however often it comes", () => {
    const keeper = setUp().keeper();
    for (let time = 0; time < 5; time++) keeper.take([part(1, { failed: 19 })], DEFAULT_BREAKER);
    keeper.take([part(1, { failed: 0 }, "j")], DEFAULT_BREAKER);
    expect(keeper.verdict(NAME).state).toBe("closed");
    keeper.take([part(2, { failed: 1 })], DEFAULT_BREAKER);
    expect(keeper.verdict(NAME)).toMatchObject({ state: "open", generation: 1 });
  });

  it.each([true, false])("weighs failures with all that was told at once, first: %s", (isFirst) => {
    const keeper = setUp().keeper();
    const bad = { ...part(1, { failed: 60 }), workload: "default/idle" };
    const good = part(1, { ok: 60 });
    keeper.take(isFirst ? [bad, good] : [good, bad], DEFAULT_BREAKER);
    expect(keeper.verdict(NAME).state).toBe("closed");
    keeper.take([{ ...bad, sequence: 2 }], DEFAULT_BREAKER);
    expect(keeper.verdict(NAME).state).toBe("closed");
  });

  it("keeps its state over restarts and begins a round anew, under other numbers", () => {
    const { clock, keeper } = setUp();
    const first = keeper();
    first.take([part(1, { failed: 20 })], DEFAULT_BREAKER);
    const { probeInMs } = first.verdict(NAME);
    clock.advance(300);
    expect(keeper().verdict(NAME)).toMatchObject({ state: "open", generation: 1 });
    expect(keeper().verdict(NAME).probeInMs).toBeCloseTo(probeInMs - 300, 3);
    clock.advance(1000);
    const lease = first.grant(DEFAULT_BREAKER);
    expect(lease).toBe(1);
    const second = keeper();
    expect(second.verdict(NAME)).toMatchObject({ state: "open", generation: 3 });
    clock.advance(1200);
    expect(second.grant(DEFAULT_BREAKER)).toBeGreaterThan(1000);
    second.take([part(9, { probes: [{ lease, isOk: false }] })], DEFAULT_BREAKER);
    expect(second.verdict(NAME).state).toBe("half_open");
  });

  it("says of what Registry has not heard yet", () => {
    const keeper = setUp().keeper();
    const before = keeper.verdict(NAME);
    expect(keeper.isNews(before)).toBe(true);
    keeper.told(before);
    expect(keeper.isNews(keeper.verdict(NAME))).toBe(false);
    keeper.trip();
    expect(keeper.isNews(keeper.verdict(NAME))).toBe(true);
  });
});

describe("the parts that Pulse hands on", () => {
  const teller = { workload: "default/a", isolate: "i" };
  const toPart = (sequence: number, ok = 1): PulsePart => ({
    object: NAME,
    sequence,
    delta: { ...SILENT, ok },
  });
  const closed: Verdict = { object: NAME, state: "closed", generation: 4, probeInMs: 0 };

  function setUp() {
    const clock = testClock();
    const memory = createPartsMemory(clock);
    const calls: (readonly Part[])[] = [];
    const behind: Promise<unknown>[] = [];
    let isAway = false;
    const tell = (parts: readonly PulsePart[], by = teller) =>
      memory.take(
        by,
        parts,
        async (_object, taken) => {
          if (isAway) throw new Error("away");
          calls.push(taken);
          return closed;
        },
        (work) => behind.push(work),
      );
    return { clock, memory, calls, behind, tell, setAway: (value: boolean) => (isAway = value) };
  }

  it("go at once, with the object's word in the reply", async () => {
    const { tell, calls } = setUp();
    const { marks, verdicts } = await tell([toPart(1), toPart(2)]);
    expect(marks.map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(verdicts).toEqual([closed]);
    expect(calls).toEqual([
      [1, 2].map((sequence) => ({ ...teller, sequence, delta: { ...SILENT, ok: 1 } })),
    ]);
  });

  it("are merged into one call a second, and acknowledged when that was made", async () => {
    const { tell, calls, behind } = setUp();
    await tell([toPart(1)]);
    expect((await tell([toPart(2)])).marks).toEqual([]);
    expect((await tell([toPart(2), toPart(3)])).marks).toEqual([]);
    await tell([toPart(1)], { ...teller, isolate: "j" });
    await Promise.all(behind);
    expect(
      calls.map((parts) => parts.map(({ isolate, sequence }) => `${isolate}${sequence}`)),
    ).toEqual([["i1"], ["i2", "i3", "j1"]]);
    expect((await tell([toPart(2), toPart(3)])).marks).toHaveLength(2);
    expect(calls).toHaveLength(2);
  });

  it("are told again by who told them, where the object was away", async () => {
    const { tell, calls, behind, clock, setAway } = setUp();
    setAway(true);
    expect((await tell([toPart(1)])).marks).toEqual([]);
    setAway(false);
    clock.advance(1000);
    expect((await tell([toPart(1), toPart(2)])).marks).toHaveLength(2);
    await Promise.all(behind);
    expect(calls).toHaveLength(1);
  });

  it("go with a question for a lease", async () => {
    const { tell, memory, calls, behind } = setUp();
    await tell([toPart(1)]);
    await tell([toPart(2)]);
    const asked: number[] = [];
    await memory.with(NAME, async (parts) => {
      asked.push(...parts.map(({ sequence }) => sequence));
      return { verdict: closed };
    });
    expect(asked).toEqual([2]);
    await Promise.all(behind);
    expect(calls).toHaveLength(1);
  });
});

describe("what isolates say", () => {
  const report: PulseReport = { format: 9, isolate: "i", sequence: 1, version: 0, nack: null };

  it("is taken as far as it is sound", () => {
    const wild = {
      ...SILENT,
      ok: -1,
      failed: Number.NaN,
      slow: 1.5,
      run: "x",
      probes: [
        { lease: 3, isOk: "yes", isUnused: "yes" },
        { lease: 4, isOk: null, isUnused: true },
      ],
    };
    const parts = [
      { object: NAME, sequence: 1, delta: wild },
      { object: "someday:else", sequence: 1, delta: {} },
      { object: "", sequence: 1, delta: {} },
      { object: NAME, sequence: 0.5, delta: SILENT },
    ] as unknown as readonly PulsePart[];
    expect(toReport({ ...report, parts }).parts).toEqual([
      {
        object: NAME,
        sequence: 1,
        delta: {
          ...SILENT,
          slow: 1,
          probes: [
            { lease: 3, isOk: null },
            { lease: 4, isOk: null, isUnused: true },
          ],
        },
      },
    ]);
    expect(toReport(report).parts).toEqual([]);
  });

  it("is refused where it is none", () => {
    expect(() => toReport({ ...report, isolate: "" })).toThrow("not a pulse report");
    expect(() => toLeaseRequest({ format: 1, isolate: "i", object: "telemetry:x" })).toThrow(
      "lease",
    );
  });
});

it("Registry tells of circuits that are open, and for a minute of those that closed", () => {
  const clock = testClock();
  const sql = memorySql();
  migrate(sql, REGISTRY_STEPS);
  const circuits = createCircuits(sql, clock);
  const say = (state: Verdict["state"], generation: number, probeInMs = 0): void =>
    circuits.take({ object: NAME, state, generation, probeInMs });
  say("closed", 0);
  expect(circuits.lately()).toEqual([]);
  say("open", 1, 1000);
  say("closed", 0);
  clock.advance(400);
  expect(circuits.lately()).toEqual([
    { object: NAME, state: "open", generation: 1, probeInMs: 600 },
  ]);
  say("closed", 3);
  clock.advance(59_999);
  expect(createCircuits(sql, clock).lately()).toMatchObject([{ state: "closed", generation: 3 }]);
  clock.advance(1);
  expect(circuits.lately()).toEqual([]);
  expect(circuits.all()).toMatchObject([{ object: NAME, state: "closed" }]);
  circuits.setPolicies(2, { "": DEFAULT_BREAKER });
  circuits.setPolicies(1, {});
  expect(createCircuits(sql, clock).policies()).toEqual({
    version: 2,
    breakers: { "": DEFAULT_BREAKER },
  });
});
