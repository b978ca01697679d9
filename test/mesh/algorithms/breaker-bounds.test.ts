// The circuit for the whole edge: what holds of it whatever it is told, in whatever order.
import fc from "fast-check";
import { expect, it } from "vitest";
import {
  type Breaker,
  LEASE_MS,
  expire,
  grantLease,
  newBreaker,
  recordOf,
  restoreBreaker,
  takeDelta,
} from "../../../mesh/algorithms/breaker/machine.ts";
import { holds } from "../property.ts";
import { START, delta, policy } from "./breakers.ts";

type Step =
  | { readonly kind: "tell"; readonly caller: number; readonly ok: number; readonly failed: number }
  | { readonly kind: "lease" }
  | {
      readonly kind: "probe";
      readonly pick: number;
      readonly isOk: boolean | null;
      readonly isUnused: boolean;
    }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "restart" };

const steps = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant("tell" as const),
      caller: fc.nat(2),
      ok: fc.nat(60),
      failed: fc.nat(60),
    }),
    fc.record({ kind: fc.constant("lease" as const) }),
    fc.record({
      kind: fc.constant("probe" as const),
      pick: fc.nat(8),
      isOk: fc.constantFrom(true, false, null),
      isUnused: fc.boolean(),
    }),
    fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(5000) }),
    fc.record({ kind: fc.constant("restart" as const) }),
  ),
  { maxLength: 60 },
);

/** Whatever happens: never more probes out than allowed, no lease twice, no change without a generation, never stuck. */
function runs(sequence: readonly Step[], random: () => number): void {
  let breaker = newBreaker(START);
  let nowMs = START;
  const leases: number[] = [];
  for (const step of sequence) {
    const before = { state: breaker.state, generation: breaker.generation };
    if (step.kind === "wait") nowMs += step.ms;
    if (step.kind === "tell")
      takeDelta(
        breaker,
        `c${step.caller}`,
        delta({ ...step, generation: breaker.generation }),
        policy,
        nowMs,
        random,
      );
    if (step.kind === "lease") {
      const lease = grantLease(breaker, policy, nowMs, random);
      expect(leases).not.toContain(lease);
      if (lease > 0) leases.push(lease);
    }
    if (step.kind === "probe")
      takeDelta(
        breaker,
        "c0",
        delta({ probes: [{ ...step, lease: leases[step.pick] ?? 9e9 }] }),
        policy,
        nowMs,
        random,
      );
    if (step.kind === "restart") breaker = restoreBreaker(recordOf(breaker), policy, nowMs, random);
    expect(breaker.leases.size + breaker.good + breaker.mute).toBeLessThanOrEqual(policy.probes);
    expect(breaker.generation > before.generation).toBe(
      breaker.state !== before.state || breaker.generation !== before.generation,
    );
    if (breaker.state === "open")
      expect(breaker.probeAtMs - breaker.sinceMs).toBeLessThanOrEqual(policy.maxOpenMs * 1.2);
  }
  expectToClose(breaker, nowMs, random);
}

/** From any state, good probes close it within two rounds. */
function expectToClose(breaker: Breaker, sinceMs: number, random: () => number): void {
  let nowMs = sinceMs;
  for (let round = 0; round < 2 && breaker.state !== "closed"; round++) {
    nowMs += Math.max(LEASE_MS, policy.maxOpenMs * 1.2);
    expire(breaker, nowMs, random);
    nowMs = Math.max(nowMs, breaker.probeAtMs);
    for (let probe = 0; probe < policy.probes; probe++) {
      const lease = grantLease(breaker, policy, nowMs, random);
      if (lease > 0)
        takeDelta(breaker, "c0", delta({ probes: [{ lease, isOk: true }] }), policy, nowMs, random);
    }
  }
  expect(breaker.state).toBe("closed");
}

it("holds its bounds whatever happens", () => {
  holds(
    fc.property(
      steps,
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      (sequence, stream) => {
        runs(sequence, () => stream.next().value as number);
      },
    ),
    0.1,
  );
});
