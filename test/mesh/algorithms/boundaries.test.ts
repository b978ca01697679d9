// The exact instants and amounts at which decisions turn.
import { describe, expect, it } from "vitest";
import { openBox, type Outbox, takeParts } from "../../../mesh/algorithms/pulse/outbox.ts";
import { isNewer, type Sequences } from "../../../mesh/algorithms/pulse/sequences.ts";
import { createNonceMemory } from "../../../mesh/algorithms/replay/nonces.ts";
import { spendRetry } from "../../../mesh/algorithms/retry/budget.ts";
import { decideRetry, LEAST_LEFT_MS } from "../../../mesh/algorithms/retry/decide.ts";
import { pickBackend } from "../../../mesh/algorithms/split/split.ts";
import { REQUEST_AHEAD_MS, REQUEST_WINDOW_MS } from "../../../mesh/contract/identity.ts";
import { admit } from "./tags.ts";

const GENERATION_MS = REQUEST_WINDOW_MS + REQUEST_AHEAD_MS;

describe("the memory of nonces", () => {
  it("keeps one through the next generation, and forgets it with the one after", () => {
    const memory = createNonceMemory(0);
    admit(memory, "a", true, 0);
    expect(admit(memory, "a", true, GENERATION_MS)).toBe("seen");
    expect(admit(memory, "b", true, 2 * GENERATION_MS - 1)).toBe("fresh");
    expect(admit(memory, "a", true, 2 * GENERATION_MS)).toBe("fresh");
    expect(admit(memory, "b", true, 2 * GENERATION_MS)).toBe("seen");
  });

  it("begins the next generation at its very instant", () => {
    const memory = createNonceMemory(0);
    admit(memory, "late", true, GENERATION_MS);
    expect(memory.bornMs).toBe(GENERATION_MS);
    expect(admit(memory, "late", true, 2 * GENERATION_MS)).toBe("seen");
  });

  it("remembers nothing after a silence of exactly two generations", () => {
    const memory = createNonceMemory(0);
    admit(memory, "a", true, 0);
    expect(admit(memory, "a", true, 2 * GENERATION_MS)).toBe("fresh");
  });

  it("evicts the oldest first, of the older generation before the younger", () => {
    const memory = createNonceMemory(0, 6);
    for (const nonce of ["a", "b"]) admit(memory, nonce, true, 0);
    admit(memory, "c", true, GENERATION_MS);
    expect(admit(memory, "d", true, GENERATION_MS)).toBe("fresh");
    expect(admit(memory, "b", true, GENERATION_MS)).toBe("seen");
    expect(admit(memory, "c", true, GENERATION_MS)).toBe("seen");
    expect(admit(memory, "a", true, GENERATION_MS)).toBe("fresh");
  });
});

describe("retries", () => {
  it("spends what is a whole token but for what sums of 0.2 lose", () => {
    const budget = { tokens: 1 - 1e-9 };
    expect(spendRetry(budget)).toBe(true);
    expect(budget.tokens).toBe(0);
  });

  it("begins nothing that has a millisecond less than it needs, and what has just enough", () => {
    const policy = { attempts: 1, codes: [503], backoffBaseMs: 100, backoffCapMs: 100 };
    const failed = {
      reason: null,
      status: 503,
      retries: 0,
      allowance: -1,
      isRepeatable: true,
      fromRoute: true,
      isBraked: false,
      policy,
    };
    const verdictWith = (leftMs: number) =>
      decideRetry({ ...failed, leftMs }, { tokens: 0 }, () => 0.5).verdict;
    expect(verdictWith(50 + LEAST_LEFT_MS)).toBe("retry");
    expect(verdictWith(50 + LEAST_LEFT_MS - 1)).toBe("deadline");
  });
});

describe("what an object is told", () => {
  it("goes on under the same sequence when its box is opened again", () => {
    const outbox: Outbox = new Map();
    const drain = (ok: number) => () => ({
      generation: 0,
      ok,
      failed: 0,
      slow: 0,
      held: 0,
      run: 0,
      probes: [],
    });
    openBox(outbox, "breaker:o", drain(1));
    takeParts(outbox);
    openBox(outbox, "breaker:o", drain(2));
    expect(takeParts(outbox).map(({ sequence, delta }) => [sequence, delta])).toEqual([
      [1, drain(1)()],
      [2, drain(1)()],
    ]);
  });

  it("is remembered by teller, by whoever spoke last, ten minutes to the instant", () => {
    const sequences: Sequences = new Map();
    const START = 1_800_000_000_000;
    isNewer(sequences, "a", 5, START);
    isNewer(sequences, "b", 5, START + 1000);
    expect(isNewer(sequences, "a", 5, START + 2000)).toBe(false);
    isNewer(sequences, "a", 6, START + 500_000);
    isNewer(sequences, "c", 1, START + 600_999);
    expect([...sequences.keys()]).toEqual(["b", "a", "c"]);
    isNewer(sequences, "c", 2, START + 601_000);
    expect([...sequences.keys()]).toEqual(["a", "c"]);
  });
});

describe("the order of backends", () => {
  it("is as declared among equals, and made once per list", () => {
    const backends = ["a", "b", "c", "d"].map((service) => ({ service, port: null, weight: 1 }));
    expect(pickBackend(backends, 0.3)).toEqual([1, 0, 2, 3]);
    expect(pickBackend(backends, 0.3)).toBe(pickBackend(backends, 0.4));
  });

  it("is by weight after the one chosen, without those that have none or do not resolve", () => {
    const of = (weight: number, invalid = false) => ({ service: "s", port: null, weight, invalid });
    const backends = [of(1), of(5), of(0), of(3, true), of(2), of(5)];
    expect(pickBackend(backends, 0)).toEqual([0, 1, 5, 4]);
    expect(pickBackend(backends, 0.999)).toEqual([5, 1, 4, 0]);
    expect(pickBackend(backends, 0.5)).toEqual([3]);
  });
});
