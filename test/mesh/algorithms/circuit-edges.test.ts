// A circuit as one isolate sees it, at its edges: what is told, to the call, and what is kept from one state to the next.
import { describe, expect, it } from "vitest";
import {
  type Circuit,
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

describe("what is told", () => {
  it("is every call by what came of it, the row of failures, and then anew", () => {
    const circuit = born();
    countCall(circuit, true, true, 0.5, START, half);
    count(circuit, 2, true);
    count(circuit, 2, false);
    const counts = { ok: 3, failed: 2, slow: 1 };
    const nothing = { held: 0, probes: [], generation: 0 };
    expect(drainCircuit(circuit, START)).toEqual({ ...nothing, ...counts, run: 2, recent: counts });
    countCall(circuit, false, true, 0.5, START, half);
    const later = { ok: 0, failed: 1, slow: 1 };
    expect(drainCircuit(circuit, START)).toEqual({ ...nothing, ...later, run: 3, recent: later });
    count(circuit, 1, true);
    expect(drainCircuit(circuit, START)?.run).toBe(0);
  });

  it("is recent only of the last second, whenever it is told", () => {
    const circuit = born();
    count(circuit, 5, true);
    count(circuit, 1, true, START + 5000);
    expect(drainCircuit(circuit, START + 5000)).toMatchObject({ ok: 6, recent: { ok: 1 } });
    count(circuit, 5, true, START + 5000);
    expect(drainCircuit(circuit, START + 10_000)).toMatchObject({ ok: 5, recent: { ok: 0 } });
  });

  it.each<[what: string, fill: (circuit: Circuit) => void, expected: object]>([
    [
      "as many successes as failures",
      (circuit) => {
        count(circuit, 1, true);
        count(circuit, 1, false);
      },
      { ok: 1, failed: 1 },
    ],
    [
      "as many held back as failures",
      (circuit) => {
        count(circuit, 10, false);
        for (let i = 0; i < 10; i++) admit(circuit, 1000, START);
      },
      { failed: 10, held: 10 },
    ],
    [
      "one held back beside a lease given back",
      (circuit) => {
        count(circuit, 10, false);
        drainCircuit(circuit, START);
        admit(circuit, 1000, START);
        keepSpare(circuit, 7, START - 5000);
      },
      { held: 1, probes: [{ lease: 7, isOk: null, isUnused: true }] },
    ],
  ])("is something where there are %s", (_what, fill, expected) => {
    const circuit = born();
    fill(circuit);
    expect(drainCircuit(circuit, START)).toMatchObject(expected);
  });
});

describe("a lease that came late", () => {
  it("is kept while a call may use it, and given back at the end of that, once", () => {
    const circuit = born();
    keepSpare(circuit, 7, START);
    expect(drainCircuit(circuit, START + 4999)).toBeNull();
    const probes = [{ lease: 7, isOk: null, isUnused: true }];
    expect(drainCircuit(circuit, START + 5000)).toMatchObject({ probes });
    expect(drainCircuit(circuit, START + 5001)).toBeNull();
    expect(takeSpare(circuit, START)).toBe(0);
  });

  it("gives back the one before", () => {
    const circuit = born();
    keepSpare(circuit, 7, START);
    keepSpare(circuit, 8, START + 1);
    expect(drainCircuit(circuit, START + 1)?.probes).toEqual([
      { lease: 7, isOk: null, isUnused: true },
    ]);
    expect(takeSpare(circuit, START + 5000)).toBe(8);
  });
});

describe("the object's word", () => {
  it("is forgotten thirty seconds after its probes were due, not after it was heard", () => {
    const circuit = born();
    learn(circuit, verdict("open", 1, 20_000), START);
    expect(admit(circuit, 1000, START + 50_000)).toBe("ask");
    expect(admit(circuit, 1000, START + 50_001)).toBe("pass");
    expect(isClosed(circuit)).toBe(true);
  });

  it("holds on while it is confirmed", () => {
    const circuit = born();
    learn(circuit, verdict("isolated", 1), START);
    learn(circuit, verdict("isolated", 1), START + 20_000);
    expect(admit(circuit, 1000, START + 50_000)).toBe("refuse");
    expect(admit(circuit, 1000, START + 50_001)).toBe("pass");
  });

  it("goes before the isolate's own: an open one is asked about, and nothing counts as held back", () => {
    const circuit = born();
    count(circuit, 10, false);
    drainCircuit(circuit, START);
    learn(circuit, verdict("open", 1), START);
    expect(admit(circuit, 1000, START + 1)).toBe("ask");
    expect(drainCircuit(circuit, START + 1)).toBeNull();
  });

  it("that it opened leaves the isolate's own judgement; that it closed ends it", () => {
    const circuit = born();
    count(circuit, 10, false);
    learn(circuit, verdict("open", 1), START);
    expect(circuit.ownUntilMs).toBe(START + 2000);
    learn(circuit, verdict("closed", 2), START);
    expect(circuit.ownUntilMs).toBe(0);
    const other = born();
    count(other, 10, false);
    learn(other, verdict("closed", 1), START);
    expect(isClosed(other)).toBe(true);
  });
});

describe("its own judgement", () => {
  it("holds for two seconds, give or take a fifth", () => {
    for (const [random, ms] of [
      [0, 1600],
      [1, 2400],
    ] as const) {
      const circuit = born();
      for (let i = 0; i < 10; i++) countCall(circuit, false, false, 0.5, START, () => random);
      expect(circuit.ownUntilMs - START).toBeCloseTo(ms, 3);
    }
  });

  it("is not prolonged by calls that were on their way", () => {
    const circuit = born();
    count(circuit, 10, false);
    count(circuit, 10, false, START + 1000);
    expect(admit(circuit, 1000, START + 2000)).toBe("ask");
  });

  it("is not made of what is long past", () => {
    const circuit = born();
    count(circuit, 9, false);
    count(circuit, 9, false, START + 20_000);
    expect(isClosed(circuit)).toBe(true);
    count(circuit, 1, false, START + 20_000);
    expect(isClosed(circuit)).toBe(false);
  });

  it("is not made by a success", () => {
    const circuit = born();
    count(circuit, 9, false);
    count(circuit, 1, true);
    expect(isClosed(circuit)).toBe(true);
    count(circuit, 1, false);
    expect(isClosed(circuit)).toBe(false);
  });

  it("begins anew when it closes, for bursts and for long", () => {
    const circuit = born();
    count(circuit, 10, false);
    close(circuit);
    count(circuit, 9, true);
    count(circuit, 1, false);
    expect(isClosed(circuit)).toBe(true);
    close(circuit);
    count(circuit, 10, false);
    expect(circuit.ownUntilMs).toBe(START + 2000);
  });

  it("probes for itself only where it is what stands open, a minute apart at most", () => {
    const circuit = born();
    countOwnProbe(circuit, false, START, half);
    expect(isClosed(circuit)).toBe(true);
    count(circuit, 10, false);
    for (let round = 0; round < 10; round++) countOwnProbe(circuit, false, START, half);
    expect(circuit.ownUntilMs).toBe(START + 60_000);
    countOwnProbe(circuit, true, START, half);
    count(circuit, 10, false);
    expect(circuit.ownUntilMs).toBe(START + 2000);
  });
});

describe("a change of state that the object tells", () => {
  it.each(["closed", "open"] as const)(
    "%s: what was counted before it is not told as after it",
    (state) => {
      const circuit = born();
      count(circuit, 10, false);
      expect(admit(circuit, 1000, START + 1)).toBe("refuse");
      circuit.probes.push({ lease: 4, isOk: true });
      learn(circuit, verdict(state, 3), START + 1);
      const nothing = { ok: 0, failed: 0, slow: 0 };
      expect(drainCircuit(circuit, START + 1)).toEqual({
        ...nothing,
        generation: 3,
        held: 0,
        run: 0,
        recent: nothing,
        probes: [{ lease: 4, isOk: true }],
      });
    },
  );

  it("ends a lease of the round before: no call may go by it", () => {
    const circuit = born();
    learn(circuit, verdict("half_open", 2), START);
    keepSpare(circuit, 7, START);
    learn(circuit, verdict("open", 3, 1000), START + 1);
    expect(takeSpare(circuit, START + 2)).toBe(0);
    expect(drainCircuit(circuit, START + 2)).toBeNull();
  });

  it("that is known already takes nothing away", () => {
    const circuit = born();
    learn(circuit, verdict("closed", 3), START);
    count(circuit, 3, false);
    learn(circuit, verdict("closed", 3), START + 1);
    expect(drainCircuit(circuit, START + 1)).toMatchObject({ generation: 3, failed: 3, run: 3 });
  });
});
