// A circuit as one isolate sees it: quick by itself, obedient to the object, and asking once a second.
import { describe, expect, it } from "vitest";
import {
  admit,
  close,
  countCall,
  countOwnProbe,
  drainCircuit,
  isClosed,
  keepSpare,
  learn,
  takeSpare,
} from "../../../mesh/algorithms/breaker/circuit.ts";
import { START, half, born, count, verdict } from "./circuits.ts";

describe("by its own judgement", () => {
  it.each<[what: string, ok: number, failed: number, closed: boolean]>([
    ["nine of nine failed", 0, 9, true],
    ["ten of ten failed", 0, 10, false],
    ["half failed", 10, 10, false],
    ["less than half failed", 21, 20, true],
  ])("%s", (_what, ok, failed, closed) => {
    const circuit = born();
    count(circuit, ok, true);
    count(circuit, failed, false);
    expect(isClosed(circuit)).toBe(closed);
  });

  it("opens within a second of an outage behind long success", () => {
    const circuit = born();
    for (let ms = 0; ms < 10_000; ms += 15) count(circuit, 1, true, START + ms);
    let ms = 10_000;
    while (isClosed(circuit) && ms < 20_000) count(circuit, 1, false, START + (ms += 15));
    expect(ms).toBeLessThanOrEqual(11_050);
  });

  it("never, where the ratio is off", () => {
    const circuit = born();
    for (let i = 0; i < 100; i++) countCall(circuit, false, false, 0, START, half);
    expect(isClosed(circuit)).toBe(true);
  });

  it("holds calls back for two seconds, tells how many, then asks", () => {
    const circuit = born();
    count(circuit, 10, false);
    expect(admit(circuit, 1000, START + 1999)).toBe("refuse");
    expect(drainCircuit(circuit, START)).toMatchObject({ failed: 10, held: 1, run: 10 });
    expect(drainCircuit(circuit, START)).toBeNull();
    expect(admit(circuit, 1000, START + 2000)).toBe("ask");
    expect(admit(circuit, 1000, START + 2999)).toBe("refuse");
    expect(admit(circuit, 1000, START + 3000)).toBe("ask");
  });

  it("where nobody can be asked it probes by itself, for twice as long each time", () => {
    const circuit = born();
    count(circuit, 10, false);
    countOwnProbe(circuit, null, START + 2000, half);
    countOwnProbe(circuit, false, START + 2000, half);
    expect(admit(circuit, 1000, START + 5999)).toBe("refuse");
    expect(admit(circuit, 1000, START + 6000)).toBe("ask");
    countOwnProbe(circuit, true, START + 6000, half);
    expect(isClosed(circuit)).toBe(true);
  });
});

describe("by the object's word", () => {
  it("refuses until leases are given out, then asks once a second while enough time is left", () => {
    const circuit = born();
    learn(circuit, verdict("open", 1, 500), START);
    expect(admit(circuit, 1000, START + 499)).toBe("refuse");
    expect(admit(circuit, 99, START + 500)).toBe("refuse");
    expect(admit(circuit, 100, START + 500)).toBe("ask");
    expect(admit(circuit, 100, START + 1499)).toBe("refuse");
    expect(drainCircuit(circuit, START)).toBeNull();
  });

  it("does not believe what is older than it knows", () => {
    const circuit = born();
    learn(circuit, verdict("closed", 2), START);
    learn(circuit, verdict("open", 1), START);
    expect(isClosed(circuit)).toBe(true);
  });

  it("closes and forgets its own judgement at news of that", () => {
    const circuit = born();
    count(circuit, 10, false);
    learn(circuit, verdict("closed", 0), START);
    expect(isClosed(circuit)).toBe(false);
    learn(circuit, verdict("open", 1), START);
    learn(circuit, verdict("closed", 2), START);
    expect(isClosed(circuit)).toBe(true);
    count(circuit, 9, false);
    expect(isClosed(circuit)).toBe(true);
  });

  it("an isolated one is never asked about, and forgotten when nobody confirms it", () => {
    const circuit = born();
    learn(circuit, verdict("isolated", 1), START);
    expect(admit(circuit, 1000, START + 30_000)).toBe("refuse");
    expect(admit(circuit, 1000, START + 30_001)).toBe("pass");
  });
});

it("a lease that came late is used by the next call, or given back", () => {
  const circuit = born();
  learn(circuit, verdict("open", 1), START);
  keepSpare(circuit, 7, START);
  expect(takeSpare(circuit, START + 4999)).toBe(7);
  expect(takeSpare(circuit, START + 4999)).toBe(0);
  keepSpare(circuit, 8, START);
  expect(takeSpare(circuit, START + 5000)).toBe(0);
  expect(drainCircuit(circuit, START)?.probes).toEqual([{ lease: 8, isOk: null, isUnused: true }]);
  close(circuit);
});
