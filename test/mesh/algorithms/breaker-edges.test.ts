// The circuit for the whole edge at its edges: what is not counted, who is forgotten, what a round leaves behind.
import { describe, expect, it } from "vitest";
import {
  type Breaker,
  LEASE_MS,
  expire,
  grantLease,
  newBreaker,
  recordOf,
  reset,
  restoreBreaker,
} from "../../../mesh/algorithms/breaker/machine.ts";
import { circuitName, policyOf } from "../../../mesh/algorithms/breaker/policy.ts";
import type { BreakerPolicy } from "../../../mesh/contract/table.ts";
import { START, half, opened, policy, told } from "./breakers.ts";

const closedAgain = (): Breaker => {
  const breaker = opened();
  const leases = [1, 2, 3].map(() => grantLease(breaker, policy, breaker.probeAtMs, half));
  told(breaker, { probes: leases.map((lease) => ({ lease, isOk: true })) }, breaker.probeAtMs);
  expect(breaker.state).toBe("closed");
  return breaker;
};

describe("what opens", () => {
  it("failures that are slow too, and failures beside as many held back", () => {
    expect(told(newBreaker(START), { failed: 20, slow: 20 }, START)).toBe("open");
    expect(told(newBreaker(START), { failed: 10, held: 10 }, START)).toBe("open");
  });

  it("nothing that is told of an open one: it stays as it is", () => {
    const breaker = opened();
    const before = recordOf(breaker);
    told(breaker, { failed: 100 }, START + 500);
    expect(recordOf(breaker)).toEqual(before);
    expect(breaker.callers.size).toBe(0);
  });

  it("no success, though what failed while it learned is enough", () => {
    const restored = restoreBreaker(recordOf(newBreaker(START)), policy, START, half);
    told(restored, { failed: 100 }, START + 1);
    expect(told(restored, { ok: 1 }, START + 2001)).toBe("closed");
    expect(told(restored, { failed: 1 }, START + 2002)).toBe("open");
  });

  it("nothing that was counted before it closed, by probes or by hand", () => {
    const probed = closedAgain();
    expect(told(probed, { failed: 19 }, START + 1001)).toBe("closed");
    const steered = newBreaker(START);
    told(steered, { failed: 15 }, START);
    reset(steered, START);
    expect(told(steered, { failed: 15 }, START)).toBe("closed");
  });

  it("no burst of what was gathered long ago", () => {
    const breaker = newBreaker(START);
    told(breaker, { ok: 2000 }, START);
    const recent = { ok: 0, failed: 10, slow: 0 };
    expect(told(breaker, { failed: 200, recent }, START + 4000)).toBe("closed");
    expect(told(breaker, { failed: 200 }, START + 4000)).toBe("open");
  });

  it("no bursts of two callers at different times", () => {
    const breaker = newBreaker(START);
    told(breaker, { ok: 300 }, START, { caller: "c" });
    told(breaker, { ok: 1 }, START + 4000, { caller: "c" });
    expect(told(breaker, { failed: 60 }, START + 5000, { caller: "b" })).toBe("closed");
    expect(told(breaker, { failed: 60 }, START + 9000, { caller: "a" })).toBe("closed");
  });

  it("no row of failures that somebody else's success came between", () => {
    const by = { ...policy, failureRatio: 0, consecutive: 5 };
    const breaker = newBreaker(START);
    for (const caller of ["a", "b"]) told(breaker, { failed: 4, run: 4 }, START, { caller, by });
    told(breaker, { ok: 1 }, START, { caller: "c", by });
    for (const caller of ["a", "b"])
      expect(told(breaker, { failed: 1, run: 1 }, START, { caller, by })).toBe("closed");
    for (const caller of ["a", "b"]) told(breaker, { failed: 4, run: 5 }, START, { caller, by });
    expect(breaker.state).toBe("open");
  });

  it("a caller whose others have been silent for a whole window", () => {
    const breaker = newBreaker(START);
    told(breaker, { ok: 100 }, START, { caller: "b" });
    expect(told(breaker, { failed: 20 }, START + 9999)).toBe("closed");
    expect(told(breaker, { failed: 20 }, START + 15_000)).toBe("open");
  });
});

it("256 callers are remembered; the one silent for longest is forgotten first", () => {
  const breaker = newBreaker(START);
  for (let n = 0; n < 256; n++) told(breaker, { ok: 1 }, START, { caller: `c${n}` });
  told(breaker, { ok: 1 }, START, { caller: "c0" });
  expect(breaker.callers.size).toBe(256);
  told(breaker, { ok: 1 }, START, { caller: "new" });
  expect(breaker.callers.size).toBe(256);
  expect(["c0", "c1", "c2", "new"].map((name) => breaker.callers.has(name))).toEqual([
    true,
    false,
    true,
    true,
  ]);
});

describe("a round", () => {
  it("that lost a probe is over when the next asks, and opens for as long again", () => {
    const breaker = opened();
    const at = breaker.probeAtMs;
    expect(grantLease(breaker, policy, at, half)).toBe(1);
    expect(grantLease(breaker, policy, at + LEASE_MS, half)).toBe(0);
    expect(breaker).toMatchObject({ state: "open", openMs: 1000, probeAtMs: at + LEASE_MS + 1000 });
    expect(grantLease(breaker, policy, at + LEASE_MS + 1000, half)).toBe(2);
  });

  it("has a generation of its own, and so has each change of state", () => {
    const breaker = opened();
    expect(breaker.generation).toBe(1);
    const at = breaker.probeAtMs;
    const lease = grantLease(breaker, policy, at, half);
    expect(breaker).toMatchObject({ generation: 2, sinceMs: at });
    told(breaker, { probes: [{ lease, isOk: false }] }, at + 7);
    expect(breaker).toMatchObject({ generation: 3, sinceMs: at + 7, probeAtMs: at + 2007 });
    expire(breaker, at + LEASE_MS, half);
    expect(breaker.generation).toBe(3);
  });

  it("counts good probes of its own only", () => {
    const breaker = opened();
    const at = breaker.probeAtMs;
    const [first, second] = [1, 2].map(() => grantLease(breaker, policy, at, half));
    told(breaker, { probes: [{ lease: first!, isOk: true }] }, at);
    told(breaker, { probes: [{ lease: second!, isOk: false }] }, at);
    const leases = [1, 2, 3].map(() => grantLease(breaker, policy, breaker.probeAtMs, half));
    expect(leases).toEqual([3, 4, 5]);
    const good = leases.slice(0, 2).map((lease) => ({ lease, isOk: true }));
    expect(told(breaker, { probes: good }, breaker.probeAtMs)).toBe("half_open");
  });
});

describe("names of circuits", () => {
  const of = (probes: number): BreakerPolicy => ({ ...policy, probes });

  it("tell service, endpoint and, where there is one, scope", () => {
    expect(circuitName("ns/s", "e", "")).toBe("breaker:ns/s|e");
    expect(circuitName("ns/s", "e", "E.m")).toBe("breaker:ns/s|e|E.m");
  });

  it("are read back whole: a scope may hold the sign between them, and none is not an empty one", () => {
    const policies = { "ns/s|e|a|b": of(4), "ns/s||a|b": of(5), "ns/s||": of(9), "ns/s|e|": of(8) };
    expect(policyOf(circuitName("ns/s", "e", "a|b"), policies, policy).probes).toBe(4);
    expect(policyOf(circuitName("ns/s", "f", "a|b"), policies, policy).probes).toBe(5);
    expect(policyOf(circuitName("ns/s", "e", ""), policies, policy)).toBe(policy);
  });
});
