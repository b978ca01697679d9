// The exact instants and amounts at which decisions turn.
import { describe, expect, it } from "vitest";
import { admitNonce, createNonceMemory } from "../../../mesh/algorithms/replay/nonces.ts";
import { spendRetry } from "../../../mesh/algorithms/retry/budget.ts";
import { decideRetry, LEAST_LEFT_MS } from "../../../mesh/algorithms/retry/decide.ts";
import { pickBackend } from "../../../mesh/algorithms/split/split.ts";
import { REQUEST_AHEAD_MS, REQUEST_WINDOW_MS } from "../../../mesh/contract/identity.ts";

const GENERATION_MS = REQUEST_WINDOW_MS + REQUEST_AHEAD_MS;

describe("the memory of nonces", () => {
  it("keeps one through the next generation, and forgets it with the one after", () => {
    const memory = createNonceMemory(0);
    admitNonce(memory, "a", true, 0);
    expect(admitNonce(memory, "a", true, GENERATION_MS)).toBe("seen");
    expect(admitNonce(memory, "b", true, 2 * GENERATION_MS - 1)).toBe("fresh");
    expect(admitNonce(memory, "a", true, 2 * GENERATION_MS)).toBe("fresh");
    expect(admitNonce(memory, "b", true, 2 * GENERATION_MS)).toBe("seen");
  });

  it("begins the next generation at its very instant", () => {
    const memory = createNonceMemory(0);
    admitNonce(memory, "late", true, GENERATION_MS);
    expect(memory.bornMs).toBe(GENERATION_MS);
    expect(admitNonce(memory, "late", true, 2 * GENERATION_MS)).toBe("seen");
  });

  it("remembers nothing after a silence of exactly two generations", () => {
    const memory = createNonceMemory(0);
    admitNonce(memory, "a", true, 0);
    expect(admitNonce(memory, "a", true, 2 * GENERATION_MS)).toBe("fresh");
  });

  it("evicts the oldest first, of the older generation before the younger", () => {
    const memory = createNonceMemory(0, 6);
    for (const nonce of ["a", "b"]) admitNonce(memory, nonce, true, 0);
    admitNonce(memory, "c", true, GENERATION_MS);
    expect(admitNonce(memory, "d", true, GENERATION_MS)).toBe("fresh");
    expect(admitNonce(memory, "b", true, GENERATION_MS)).toBe("seen");
    expect(admitNonce(memory, "c", true, GENERATION_MS)).toBe("seen");
    expect(admitNonce(memory, "a", true, GENERATION_MS)).toBe("fresh");
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
      policy,
    };
    const verdictWith = (leftMs: number) =>
      decideRetry({ ...failed, leftMs }, { tokens: 0 }, () => 0.5).verdict;
    expect(verdictWith(50 + LEAST_LEFT_MS)).toBe("retry");
    expect(verdictWith(50 + LEAST_LEFT_MS - 1)).toBe("deadline");
  });
});

describe("the order of backends", () => {
  it("is as declared among equals, and made once per list", () => {
    const backends = ["a", "b", "c", "d"].map((service) => ({ service, port: null, weight: 1 }));
    expect(pickBackend(backends, 0.3)).toEqual([1, 0, 2, 3]);
    expect(pickBackend(backends, 0.3)).toBe(pickBackend(backends, 0.4));
  });
});
