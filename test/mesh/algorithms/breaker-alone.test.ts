// A circuit that one caller opened before anybody else had called: the others' probes find it out.
import { describe, expect, it } from "vitest";
import {
  type Breaker,
  grantLease,
  newBreaker,
  takeDelta,
} from "../../../mesh/algorithms/breaker/machine.ts";
import { START, delta, half, opened, policy, told } from "./breakers.ts";

/** The next round: three leases that are out, and when. */
function round(breaker: Breaker): { readonly leases: readonly number[]; readonly atMs: number } {
  const atMs = breaker.probeAtMs;
  return { leases: [1, 2, 3].map(() => grantLease(breaker, policy, atMs, half)), atMs };
}

const probed = (breaker: Breaker, caller: string, lease = 0, isOk = false, atMs = START): string =>
  told(breaker, { probes: [{ lease, isOk }] }, atMs, { caller });

describe("a circuit that one caller opened alone", () => {
  it.each([
    ["bad before good", ["a", "b", "c"]],
    ["good before bad", ["b", "b", "a"]],
    ["bad in between", ["b", "a", "b"]],
  ])("closes once two probes of others were good where its own was bad: %s", (_, order) => {
    const breaker = opened();
    const { leases, atMs } = round(breaker);
    const states = order.map((caller, at) =>
      probed(breaker, caller, leases[at], caller !== "a", atMs),
    );
    expect(states[1]).not.toBe("closed");
    expect(states[2]).toBe("closed");
    // What it fails at is not believed by itself, until the others have told what they see.
    expect(told(breaker, { failed: 50 }, atMs + 29_999)).toBe("closed");
    expect(told(breaker, { failed: 50 }, atMs + 30_000)).toBe("open");
  });

  it("is opened meanwhile by another's word, and by what two say", () => {
    for (const caller of ["b", "c"]) {
      const breaker = opened();
      const { leases, atMs } = round(breaker);
      probed(breaker, "a", leases[0], false, atMs);
      for (const at of [1, 2]) probed(breaker, "b", leases[at], true, atMs);
      expect(breaker.state).toBe("closed");
      if (caller === "b") told(breaker, { failed: 25 }, atMs + 1000);
      expect(told(breaker, { failed: 25 }, atMs + 1000, { caller })).toBe("open");
    }
  });

  it("closes so over more than one round", () => {
    const breaker = opened();
    const first = round(breaker);
    probed(breaker, "a", first.leases[0], false, first.atMs);
    expect(probed(breaker, "b", first.leases[1], true, first.atMs)).toBe("open");
    const next = round(breaker);
    // What comes of the round before the last says nothing any more.
    expect(probed(breaker, "b", first.leases[2], true, next.atMs)).toBe("half_open");
    expect(probed(breaker, "b", next.leases[0], true, next.atMs)).toBe("closed");
  });

  it("stays open where the others' probes were no better, or came of an earlier round", () => {
    const breaker = opened();
    const { leases, atMs } = round(breaker);
    expect(probed(breaker, "a", leases[0], false, atMs)).toBe("open");
    expect(probed(breaker, "b", leases[1], false, atMs)).toBe("open");
    const next = round(breaker);
    expect(probed(breaker, "b", leases[2], true, next.atMs)).toBe("half_open");
    expect(probed(breaker, "b", next.leases[0], false, next.atMs)).toBe("open");
    expect(probed(breaker, "a", next.leases[1], true, next.atMs)).toBe("open");
  });

  it("needs every probe to be good where its own was bad in an earlier round, as in an outage that is over", () => {
    const breaker = opened();
    const first = round(breaker);
    expect(probed(breaker, "a", first.leases[0], false, first.atMs)).toBe("open");
    const { leases, atMs } = round(breaker);
    const states = leases.map((lease) => probed(breaker, "b", lease, true, atMs));
    expect(states).toEqual(["half_open", "half_open", "closed"]);
  });

  it("closes by its own good probes alone, all of them", () => {
    const breaker = opened();
    const { leases, atMs } = round(breaker);
    const states = leases.map((lease) => probed(breaker, "a", lease, true, atMs));
    expect(states).toEqual(["half_open", "half_open", "closed"]);
    expect(told(breaker, { failed: 50 }, atMs + 1000)).toBe("open");
  });
});

it("a circuit that two opened opens again by one bad probe, whoever's", () => {
  const breaker = newBreaker(START);
  for (const caller of ["a", "b"])
    takeDelta(breaker, caller, delta({ failed: 15, run: 15 }), policy, START, half);
  expect(breaker.state).toBe("open");
  const { leases, atMs } = round(breaker);
  expect(probed(breaker, "b", leases[0], true, atMs)).toBe("half_open");
  expect(probed(breaker, "a", leases[1], false, atMs)).toBe("open");
  expect(probed(breaker, "b", leases[2], true, atMs)).toBe("open");
});
