// The circuit for the whole edge: when it opens, whom it lets probe, and when it closes.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Evidence, isEnough } from "../../../mesh/algorithms/breaker/evidence.ts";
import {
  LEASE_MS,
  STALE_MS,
  expire,
  grantLease,
  newBreaker,
  recordOf,
  reset,
  restoreBreaker,
  takeDelta,
  trip,
} from "../../../mesh/algorithms/breaker/machine.ts";
import { circuitName, policyOf } from "../../../mesh/algorithms/breaker/policy.ts";
import type { BreakerDelta } from "../../../mesh/contract/pulse.ts";
import type { BreakerPolicy } from "../../../mesh/contract/table.ts";
import { holds } from "../property.ts";
import { START, delta, half, opened, policy, told } from "./breakers.ts";

describe("opening", () => {
  it.each<
    [what: string, change: Partial<BreakerPolicy>, seen: Partial<BreakerDelta>, open: boolean]
  >([
    ["half of 20 failed", {}, { ok: 10, failed: 10 }, true],
    ["less than half failed", {}, { ok: 11, failed: 10 }, false],
    ["19 calls, all failed", {}, { failed: 19 }, false],
    ["19 calls and one held back", {}, { failed: 19, held: 1 }, true],
    ["all slow, which is off", {}, { ok: 100, slow: 100 }, false],
    ["half slow, where that counts", { slowRatio: 0.5, slowMs: 1 }, { ok: 20, slow: 10 }, true],
    ["a row, which is off", { failureRatio: 0 }, { failed: 100, run: 100 }, false],
    ["a row of five, where that counts", { consecutive: 5 }, { failed: 5, run: 5 }, true],
    ["four in a row behind a success", { consecutive: 5 }, { ok: 1, failed: 9, run: 4 }, false],
    ["another ratio", { failureRatio: 0.1 }, { ok: 18, failed: 2 }, true],
    ["another volume", { minimumCalls: 2 }, { failed: 2 }, true],
  ])("%s: by policy %j", (_what, change, seen, open) => {
    const by = { ...policy, ...change };
    expect(told(newBreaker(START), seen, START, { by })).toBe(open ? "open" : "closed");
  });

  it("forgets what is older than the window", () => {
    const breaker = newBreaker(START);
    told(breaker, { failed: 15 }, START);
    expect(told(breaker, { failed: 15 }, START + 15_001)).toBe("closed");
    expect(told(breaker, { failed: 5 }, START + 15_002)).toBe("open");
  });

  it("sees a burst behind long success by the short window, which asks for 50 calls", () => {
    const breaker = newBreaker(START);
    for (let second = 0; second < 10; second++) told(breaker, { ok: 200 }, START + second * 1000);
    expect(told(breaker, { failed: 200 }, START + 10_000)).toBe("open");
  });

  it("takes nobody for the only caller whom others have only been silent beside for a moment", () => {
    const breaker = newBreaker(START);
    told(breaker, { ok: 30 }, START, { caller: "b" });
    expect(told(breaker, { failed: 200 }, START + 4500)).toBe("closed");
    expect(told(breaker, { failed: 200 }, START + 15_000)).toBe("open");
  });

  it("adds up what isolates saw of whom each is below the least volume", () => {
    const breaker = newBreaker(START);
    for (let isolate = 0; isolate < 19; isolate++)
      expect(told(breaker, { failed: 1, run: 1 }, START)).toBe("closed");
    expect(told(breaker, { failed: 1, run: 1 }, START)).toBe("open");
  });

  it("opens for one who calls a lot beside one who calls twice a second, within 3 s", () => {
    const breaker = newBreaker(START);
    const tell = (atMs: number, isOk: boolean): string => {
      const of = (calls: number) => (isOk ? { ok: calls } : { failed: calls, run: calls });
      told(breaker, of(200), START + atMs, { caller: "busy" });
      return told(breaker, of(2), START + atMs, { caller: "quiet" });
    };
    for (let atMs = 0; atMs < 10_000; atMs += 1000) tell(atMs, true);
    const states = [10_000, 11_000, 12_000].map((atMs) => tell(atMs, false));
    expect(states).toContain("open");
  });

  it("adds a row of failures over isolates, until any of them has a success", () => {
    const by = { ...policy, failureRatio: 0, consecutive: 5 };
    const breaker = newBreaker(START);
    told(breaker, { failed: 3, run: 3 }, START, { by });
    expect(told(breaker, { ok: 1 }, START, { by })).toBe("closed");
    told(breaker, { failed: 4, run: 4 }, START, { by });
    expect(told(breaker, { failed: 1, run: 1 }, START, { by })).toBe("open");
  });

  it("does not believe what was counted before a change of state, for ten seconds", () => {
    const breaker = opened();
    reset(breaker, START);
    expect(told(breaker, { generation: 0, failed: 100 }, START + 1)).toBe("closed");
    expect(told(breaker, { generation: 0, failed: 100 }, START + STALE_MS)).toBe("open");
  });
});

describe("evidence", () => {
  const seen = (ok: number, failed: number): Evidence => ({ ok, failed, slow: 0, run: failed });

  it.each<[what: string, callers: Evidence[], enough: boolean]>([
    ["one caller alone", [seen(0, 20)], true],
    ["one caller beside a healthy one", [seen(0, 1000), seen(20, 0)], false],
    ["two that agree", [seen(0, 20), seen(0, 20)], true],
    ["two that agree, one with little", [seen(0, 1000), seen(0, 19)], true],
    ["two that agree, one with too little", [seen(0, 1000), seen(0, 4)], false],
    ["two that fail beside a healthy one", [seen(0, 20), seen(0, 20), seen(20, 0)], true],
    ["one that fails beside two", [seen(0, 1000), seen(20, 0), seen(20, 0)], false],
    ["nobody", [], false],
  ])("%s", (_what, callers, enough) => {
    expect(isEnough(callers, policy, 20)).toBe(enough);
  });

  const evidence = fc.record({ ok: fc.nat(500), failed: fc.nat(500) });
  it("of any one caller never opens a circuit that is healthy for the others", () => {
    holds(
      fc.property(
        fc.array(evidence, { minLength: 1, maxLength: 8 }),
        fc.nat(100_000),
        (others, garbage) => {
          const healthy = others.map(({ ok }) => seen(ok + 1, 0));
          return !isEnough([...healthy, seen(0, garbage)], policy, 20);
        },
      ),
    );
  });

  it("does not depend on the order of callers", () => {
    holds(
      fc.property(fc.array(evidence, { maxLength: 8 }), (list) => {
        const callers = list.map(({ ok, failed }) => seen(ok, failed));
        return isEnough(callers, policy, 20) === isEnough(callers.toReversed(), policy, 20);
      }),
    );
  });
});

describe("probing", () => {
  it("gives out as many leases as the policy says, from its time on, and closes when all are good", () => {
    const breaker = opened();
    const at = breaker.probeAtMs;
    expect(grantLease(breaker, policy, at - 1, half)).toBe(0);
    const leases = [1, 2, 3].map(() => grantLease(breaker, policy, at, half));
    expect(leases).toEqual([1, 2, 3]);
    expect(grantLease(breaker, policy, at, half)).toBe(0);
    expect(breaker.state).toBe("half_open");
    const good = (lease: number) => ({ probes: [{ lease, isOk: true }] });
    expect(told(breaker, good(1), at + 1)).toBe("half_open");
    expect(told(breaker, good(1), at + 1)).toBe("half_open");
    expect(told(breaker, good(2), at + 1)).toBe("half_open");
    expect(grantLease(breaker, policy, at, half)).toBe(0);
    expect(told(breaker, good(3), at + 2)).toBe("closed");
    expect(told(breaker, good(3), at + 2)).toBe("closed");
  });

  it("opens for twice as long after a bad probe, a minute at most; closed, it begins anew", () => {
    const breaker = opened();
    const periods: number[] = [];
    for (let round = 0; round < 8; round++) {
      const at = breaker.probeAtMs;
      const lease = grantLease(breaker, policy, at, half);
      expect(told(breaker, { probes: [{ lease, isOk: false }] }, at)).toBe("open");
      periods.push(breaker.probeAtMs - at);
    }
    expect(periods).toEqual([2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    const at = breaker.probeAtMs;
    const leases = [1, 2, 3].map(() => grantLease(breaker, policy, at, half));
    told(breaker, { probes: leases.map((lease) => ({ lease, isOk: true })) }, at);
    told(breaker, { failed: 50 }, at + 1);
    expect(breaker).toMatchObject({ state: "open", openMs: 1000 });
  });

  it("gives a lease that nobody used to another, and ends a round that lost one", () => {
    const breaker = opened();
    const at = breaker.probeAtMs;
    const [first] = [1, 2, 3].map(() => grantLease(breaker, policy, at, half));
    told(breaker, { probes: [{ lease: first!, isOk: null, isUnused: true }] }, at);
    expect(grantLease(breaker, policy, at, half)).toBe(4);
    expire(breaker, at + LEASE_MS - 1, half);
    expect(breaker.state).toBe("half_open");
    expire(breaker, at + LEASE_MS, half);
    expect(breaker).toMatchObject({ state: "open", openMs: 1000 });
    expect(told(breaker, { probes: [{ lease: 2, isOk: false }] }, at + LEASE_MS)).toBe("open");
    expect(breaker.openMs).toBe(1000);
  });

  it("lets no fourth call through for one that was sent and says nothing; the others decide", () => {
    const breaker = opened();
    const at = breaker.probeAtMs;
    const [first, second, third] = [1, 2, 3].map(() => grantLease(breaker, policy, at, half));
    told(breaker, { probes: [{ lease: first!, isOk: null }] }, at);
    expect(grantLease(breaker, policy, at, half)).toBe(0);
    told(breaker, { probes: [{ lease: second!, isOk: null }] }, at);
    expect(grantLease(breaker, policy, at, half)).toBe(0);
    expect(told(breaker, { probes: [{ lease: third!, isOk: true }] }, at)).toBe("closed");
  });

  it("begins another round soon after one that said nothing, and knows how long it had waited", () => {
    const breaker = opened();
    const bad = grantLease(breaker, policy, breaker.probeAtMs, half);
    told(breaker, { probes: [{ lease: bad, isOk: false }] }, breaker.probeAtMs);
    const at = breaker.probeAtMs;
    const leases = [1, 2, 3].map(() => grantLease(breaker, policy, at, half));
    told(breaker, { probes: leases.map((lease) => ({ lease, isOk: null })) }, at);
    expect(breaker).toMatchObject({ state: "open", openMs: 2000, probeAtMs: at + 1000 });
    const next = [1, 2, 3].map(() => grantLease(breaker, policy, at + 1000, half));
    expect(next).not.toContain(0);
    told(breaker, { probes: [{ lease: next[0]!, isOk: false }] }, at + 1000);
    expect(breaker).toMatchObject({ state: "open", openMs: 4000 });
  });

  it("spreads the open period by a fifth to both sides", () => {
    for (const [random, ms] of [
      [0, 800],
      [1, 1200],
    ] as const) {
      const breaker = newBreaker(START);
      takeDelta(breaker, "a", delta({ failed: 20 }), policy, START, () => random);
      expect(breaker.probeAtMs - START).toBeCloseTo(ms, 6);
    }
  });
});

describe("by hand and over restarts", () => {
  it("stays isolated until it is reset", () => {
    const breaker = newBreaker(START);
    trip(breaker, START);
    trip(breaker, START);
    expect(breaker).toMatchObject({ state: "isolated", generation: 1 });
    expect(grantLease(breaker, policy, START + 1e9, half)).toBe(0);
    expect(told(breaker, { ok: 1000 }, START + 1)).toBe("isolated");
    reset(breaker, START + 2);
    reset(breaker, START + 2);
    expect(breaker).toMatchObject({ state: "closed", generation: 2 });
  });

  it("learns after a restart before it opens, and loses the round that was under way", () => {
    const breaker = opened();
    grantLease(breaker, policy, breaker.probeAtMs, half);
    const at = START + 5000;
    const again = restoreBreaker(recordOf(breaker), policy, at, half);
    expect(again).toMatchObject({ state: "open", openMs: 1000, probeAtMs: at + 1000 });
    expect(grantLease(again, policy, at + 1000, half)).toBeGreaterThan(1000);
    reset(again, at);
    const closed = restoreBreaker(recordOf(again), policy, at, half);
    expect(told(closed, { failed: 100 }, at + 1999)).toBe("closed");
    expect(told(closed, { failed: 1 }, at + 2000)).toBe("open");
  });
});

describe("policies", () => {
  const of = (probes: number): BreakerPolicy => ({ ...policy, probes });
  const policies = {
    "": of(1),
    "ns/s": of(2),
    "ns/s|e": of(4),
    "ns/s||E.m": of(5),
    "ns/s|e|E.m": of(6),
  };

  it.each([
    ["ns/other", "e", "", 1],
    ["ns/s", "f", "", 2],
    ["ns/s", "e", "", 4],
    ["ns/s", "f", "E.m", 5],
    ["ns/s", "e", "E.m", 6],
    ["ns/s", "e", "E.other", 4],
  ])("the most specific one: %s %s %s", (service, endpoint, scope, probes) => {
    expect(policyOf(circuitName(service, endpoint, scope), policies, policy).probes).toBe(probes);
  });

  it("else that of the build", () => {
    expect(policyOf(circuitName("ns/s", "e", ""), {}, policy)).toBe(policy);
  });
});
