// However many isolates ask one Pulse isolate for a lease, the circuit hears of few.
import { expect, test } from "vitest";
import type { Clock } from "../../durable-objects/clock.ts";
import { createLeaseGate, NO_HOLDS_MS } from "../../durable-objects/pulse/lease-gate.ts";
import type { CircuitState } from "../../mesh/contract/pulse.ts";

const NAME = "breaker:default/callee|default/callee";
const verdict = (state: CircuitState, probeInMs = 0) => ({
  object: NAME,
  state,
  generation: 3,
  probeInMs,
});

function clockAt(): Clock & { nowMs: number } {
  const clock = {
    nowMs: 1000,
    now: () => clock.nowMs,
    uuid: () => "",
    random: (size: number) => new Uint8Array(size),
    sleep: () => Promise.resolve(),
  };
  return clock;
}

test("a no holds for a second, and ages", async () => {
  const clock = clockAt();
  const gate = createLeaseGate(clock);
  let asked = 0;
  const ask = async () => {
    asked += 1;
    return { lease: 0, verdict: verdict("open", 5000) };
  };
  await gate(NAME, ask);
  clock.nowMs += NO_HOLDS_MS - 1;
  expect(await gate(NAME, ask)).toEqual({ lease: 0, verdict: verdict("open", 4001) });
  expect(asked).toBe(1);
  clock.nowMs += 1;
  await gate(NAME, ask);
  expect(asked).toBe(2);
});

test("a lease does not keep the next one from being asked for", async () => {
  const gate = createLeaseGate(clockAt());
  let next = 1;
  const ask = async () => ({ lease: next++, verdict: verdict("half_open") });
  expect((await gate(NAME, ask)).lease).toBe(1);
  expect((await gate(NAME, ask)).lease).toBe(2);
});

test("one question at a time, one that fails or gets lost closes nothing for good", async () => {
  const clock = clockAt();
  const gate = createLeaseGate(clock);
  await gate(NAME, async () => ({ lease: 1, verdict: verdict("half_open") }));
  const never = gate(NAME, () => new Promise(() => undefined));
  void never;
  const refuse = async () => Promise.reject(new Error("asked"));
  expect((await gate(NAME, refuse)).lease).toBe(0);
  clock.nowMs += 5000;
  await expect(gate(NAME, refuse)).rejects.toThrow("asked");
  await expect(gate(NAME, refuse)).rejects.toThrow("asked");
});

test("circuits do not get in each other's way", async () => {
  const gate = createLeaseGate(clockAt());
  await gate(NAME, async () => ({ lease: 0, verdict: verdict("open", 9000) }));
  const other = await gate("breaker:other", async () => ({
    lease: 7,
    verdict: verdict("half_open"),
  }));
  expect(other.lease).toBe(7);
});
