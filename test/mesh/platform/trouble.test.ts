// A circuit in trouble, as attempts meet it: what becomes of a lease, and which calls still say something.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LeaseReply, PulseApi, Verdict } from "../../../mesh/contract/pulse.ts";
import type { Trouble } from "../../../mesh/pipeline/late.ts";
import { LEASE } from "../../../mesh/pipeline/isolate.ts";
import { createTrouble } from "../../../mesh/platform/trouble.ts";
import { NAME, START, verdict } from "../algorithms/circuits.ts";

const KEEPER = { waitUntil: () => undefined };

/** A circuit whose object answers a question for a lease so. */
function trouble(reply: LeaseReply | null = null): Trouble {
  const pulse: PulseApi | null = reply && ({ lease: async () => reply } as unknown as PulseApi);
  const known = { isolate: "i", isUrgent: null, reporters: 1 };
  return createTrouble(NAME, { startMs: START, ok: 0, recent: 0, before: 0 }, known, pulse);
}
const leased = (lease: number, said: Verdict): LeaseReply => ({ format: 1, lease, verdict: said });

beforeEach(() => void vi.useFakeTimers({ now: START }));
afterEach(() => void vi.useRealTimers());

describe("a probe", () => {
  it.each<[what: string, isOk: boolean | null, isSent: boolean, told: object]>([
    ["that was good", true, true, { isOk: true }],
    ["that was bad", false, true, { isOk: false }],
    ["that was sent and says nothing", null, true, { isOk: null }],
    ["that never left", null, false, { isOk: null, isUnused: true }],
  ])("%s is told as that", async (_what, isOk, isSent, told) => {
    const circuit = trouble(leased(4, verdict("half_open", 2)));
    circuit.learn(verdict("open", 1));
    const lease = await circuit.admit(1000, KEEPER);
    expect(lease).toBe(4);
    circuit.settle(isOk, false, lease, 0.5, { isSent, tookMs: 0 });
    expect(circuit.drain()).toMatchObject({ generation: 2, ok: 0, failed: 0 });
    circuit.settle(isOk, false, lease, 0.5, { isSent, tookMs: 0 });
    expect(circuit.drain()?.probes).toEqual([{ lease: 4, ...told }]);
  });
});

describe("a retry", () => {
  const settled = (circuit: Trouble, isOk: boolean | null, more: object): void =>
    circuit.settle(isOk, false, LEASE.none, 0.5, { isSent: true, tookMs: 0, ...more });

  it("is told as one, whatever came of it", () => {
    const circuit = trouble();
    settled(circuit, false, {});
    expect(circuit.drain()).not.toHaveProperty("retries");
    settled(circuit, false, { isRetry: true });
    settled(circuit, true, { isRetry: true });
    settled(circuit, null, { isRetry: true });
    expect(circuit.drain()).toMatchObject({ ok: 1, failed: 1, retries: 2 });
    settled(circuit, true, {});
    expect(circuit.drain()).not.toHaveProperty("retries");
  });

  it("that was held back is told, and is no call", () => {
    const circuit = trouble();
    settled(circuit, null, { isSent: false, isWithheld: true });
    expect(circuit.drain()).toMatchObject({ ok: 0, failed: 0, withheld: 1 });
    expect(circuit.drain()).toBeNull();
  });

  it("of another generation is not told", () => {
    const circuit = trouble();
    settled(circuit, false, { isRetry: true });
    circuit.learn(verdict("closed", 3));
    settled(circuit, false, {});
    expect(circuit.drain()).not.toHaveProperty("retries");
  });
});

describe("a call that failed", () => {
  const failed = (circuit: Trouble, tookMs: number): void =>
    circuit.settle(false, false, LEASE.none, 0.5, { isSent: true, tookMs });

  it("says nothing of what holds since it began", () => {
    const circuit = trouble();
    failed(circuit, 0);
    circuit.learn(verdict("open", 1, 1000));
    vi.setSystemTime(START + 3000);
    circuit.learn(verdict("closed", 3));
    vi.setSystemTime(START + 5000);
    for (let calls = 0; calls < 20; calls++) failed(circuit, 2001);
    expect(circuit.drain()).toBeNull();
    expect(circuit.isClosed()).toBe(true);
    failed(circuit, 2000);
    expect(circuit.drain()).toMatchObject({ generation: 3, failed: 1, run: 1 });
  });

  it("is told however long it took, where nothing was heard meanwhile", () => {
    const circuit = trouble();
    failed(circuit, 60_000);
    expect(circuit.drain()).toMatchObject({ failed: 1 });
  });
});
