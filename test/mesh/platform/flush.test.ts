// What was counted reaches its object after calls have stopped, whatever went wrong before.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { openBox } from "../../../mesh/algorithms/pulse/outbox.ts";
import type { PulseReply, PulseReport } from "../../../mesh/contract/pulse.ts";
import type { Wiring } from "../../../mesh/contract/wiring.ts";
import type { MeshBindings } from "../../../mesh/platform/bindings.ts";
import { createMind, settled } from "../../../mesh/platform/mind.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const WIRING = { trustDomain: "x.example", workload: "default/a", leaseMs: 30_000 } as Wiring;
const OBJECT = "telemetry:default/b";

it.each([2, 8, 25])("though pulses failed for %i s until the last call", async (seconds) => {
  let [counted, taken, isUp, pulses] = [0, 0, false, 0];
  const told = new Set<number>();
  // What is told for the first time is acknowledged the next time: the object is called behind the answer.
  async function report({ sequence, parts = [] }: PulseReport): Promise<PulseReply> {
    pulses += 1;
    if (!isUp) throw new Error("away");
    const marks = parts.filter((part) => told.has(part.sequence));
    for (const part of parts) {
      if (!told.has(part.sequence)) taken += (part.delta as unknown as { count: number }).count;
      told.add(part.sequence);
    }
    const reply = { format: 1, acknowledged: sequence, newest: 0, revocations: [], nextMs: 1000 };
    return { ...reply, parts: marks };
  }
  const bindings = { pulse: { report }, control: null, table: null } as unknown as MeshBindings;
  const mind = createMind(bindings, WIRING, async () => {
    throw new Error("no late part");
  });
  mind.isBorn = true;
  let gathered = 0;
  openBox(mind.known.outbox, OBJECT, () => {
    const delta = gathered === 0 ? null : { count: gathered };
    gathered = 0;
    return delta as never;
  });
  const keeper = { waitUntil: (work: Promise<unknown>) => void work.catch(() => undefined) };
  for (let call = 0; call < seconds * 10; call++) {
    counted += 1;
    gathered += 1;
    settled(mind, WIRING, keeper, true);
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(pulses).toBeLessThanOrEqual(seconds + 1);
  isUp = true;
  await vi.advanceTimersByTimeAsync(15_000);
  expect(taken).toBe(counted);
  // And then it is quiet.
  const before = pulses;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(pulses).toBe(before);
});

it("but nothing is put off behind a batch, which a queue would wait for", async () => {
  let pulses = 0;
  const reply = { format: 1, acknowledged: 0, newest: 0, revocations: [], nextMs: 1000 };
  const report = async (): Promise<PulseReply> => ({ ...reply, acknowledged: ++pulses });
  const bindings = { pulse: { report }, control: null, table: null } as unknown as MeshBindings;
  const mind = createMind(bindings, WIRING, async () => {
    throw new Error("no late part");
  });
  mind.isBorn = true;
  let alive = 0;
  const waitUntil = (work: Promise<unknown>): void => {
    alive += 1;
    void work.finally(() => (alive -= 1)).catch(() => undefined);
  };
  const batch = { waitUntil, isBrief: true };
  for (const after of [1, 1]) {
    settled(mind, WIRING, batch, true);
    await vi.advanceTimersByTimeAsync(after);
    expect([alive, pulses]).toEqual([0, 1]);
  }
  expect(mind.known.hasNews).toBe(true);
  await vi.advanceTimersByTimeAsync(1000);
  settled(mind, WIRING, batch, false);
  await vi.advanceTimersByTimeAsync(1);
  expect([alive, pulses, mind.known.hasNews]).toEqual([0, 2, false]);
});
