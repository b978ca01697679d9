import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMs } from "../../../mesh/algorithms/retry/backoff.ts";
import { earnRetry, openBudget, spendRetry } from "../../../mesh/algorithms/retry/budget.ts";
import type { FailedAttempt } from "../../../mesh/algorithms/retry/decide.ts";
import { decideRetry } from "../../../mesh/algorithms/retry/decide.ts";
import { isIdempotent, isSafe } from "../../../mesh/algorithms/retry/idempotent.ts";
import type { Reason } from "../../../mesh/contract/reasons.ts";
import { REASONS } from "../../../mesh/contract/reasons.ts";
import { holds } from "../property.ts";

const failed: FailedAttempt = {
  reason: "upstream_status",
  status: 503,
  retries: 0,
  allowance: -1,
  leftMs: 1000,
  isRepeatable: true,
  fromRoute: false,
  isBraked: false,
  policy: { attempts: 1, codes: [502, 503, 504], backoffBaseMs: 25, backoffCapMs: 250 },
};
const verdict = (change: Partial<FailedAttempt>, tokens = 1): string =>
  decideRetry({ ...failed, ...change }, { tokens }, () => 0.5).verdict;

describe("the retry budget", () => {
  it("earns 0.2 per success, so five successes are one retry, and keeps 3 at most", () => {
    const budget = { tokens: 0 };
    expect(spendRetry(budget)).toBe(false);
    for (let i = 0; i < 5; i += 1) earnRetry(budget);
    expect(spendRetry(budget)).toBe(true);
    expect(spendRetry(budget)).toBe(false);
    for (let i = 0; i < 1000; i += 1) earnRetry(budget);
    expect(budget.tokens).toBe(3);
  });

  it.each([
    ["in good weather", { tokens: 0 }, false, 3, 1],
    ["in good weather, beside what was earned", { tokens: 0.4 }, false, 3, 1.4],
    ["in good weather, up to the cap", { tokens: 2.6 }, false, 3, 3],
    ["where there is no budget", { tokens: 0 }, false, 0, 0],
    ["where the destination is known to fail", { tokens: 0.4 }, true, 3, 0.4],
    ["a second time", { tokens: 0, isOpen: true }, false, 3, 0],
  ])("opens %s", (_what, budget, isRough, cap, tokens) => {
    openBudget(budget, isRough, cap);
    expect(budget).toEqual({ tokens, isOpen: true });
  });

  it("never lets retries pass opening + 0.2 per success", () => {
    holds(
      fc.property(fc.array(fc.boolean(), { maxLength: 200 }), fc.boolean(), (events, isGood) => {
        const budget = { tokens: 0 };
        openBudget(budget, !isGood);
        const opening = budget.tokens;
        expect(opening).toBe(isGood ? 1 : 0);
        let successes = 0;
        let retries = 0;
        for (const isSuccess of events) {
          if (isSuccess) {
            earnRetry(budget);
            successes += 1;
          } else if (spendRetry(budget)) retries += 1;
          expect(budget.tokens).toBeGreaterThanOrEqual(0);
          expect(budget.tokens).toBeLessThanOrEqual(3);
        }
        expect(retries).toBeLessThanOrEqual(opening + 0.2 * successes + 1e-6);
      }),
      0.1,
    );
  });
});

describe("backoffMs", () => {
  it("is full jitter under the cap", () => {
    expect([0, 1, 2, 3, 4, 9].map((retry) => backoffMs(25, 250, retry, () => 1))).toEqual([
      25, 50, 100, 200, 250, 250,
    ]);
    expect(backoffMs(25, 250, 3, () => 0)).toBe(0);
    expect(backoffMs(25, 250, 5000, () => 1)).toBe(250);
  });
});

describe("isIdempotent", () => {
  it("follows RFC 9110", () => {
    const methods = [
      "GET",
      "HEAD",
      "OPTIONS",
      "PUT",
      "DELETE",
      "TRACE",
      "POST",
      "PATCH",
      "CONNECT",
      "get",
      "rpc",
    ];
    expect(methods.map((method) => isIdempotent(method))).toEqual([
      ...Array(6).fill(true),
      ...Array(5).fill(false),
    ]);
    expect(methods.filter((method) => isSafe(method))).toEqual(["GET", "HEAD", "OPTIONS", "TRACE"]);
  });
});

describe("decideRetry", () => {
  it.each<[string, Partial<FailedAttempt>, number, string]>([
    ["a listed status", {}, 1, "retry"],
    ["an answer judged by its status alone", { reason: null }, 1, "retry"],
    ["a status not listed", { status: 500 }, 1, "not_retryable"],
    ["a lost endpoint, without any code", { reason: "upstream_reset", status: 0 }, 1, "retry"],
    ["a local limit", { reason: "overflow", status: 503 }, 1, "not_retryable"],
    [
      "a local refusal whose status is listed",
      { reason: "circuit_open", status: 503 },
      1,
      "not_retryable",
    ],
    ["an exception of user code", { reason: "upstream_threw", status: 0 }, 1, "not_retryable"],
    ["a POST", { isRepeatable: false }, 1, "not_repeatable"],
    ["a POST refused unseen", { reason: "unknown_epoch", isRepeatable: false }, 1, "retry"],
    ["no attempts left", { retries: 1 }, 1, "attempts"],
    ["no allowance left", { allowance: 0 }, 1, "allowance"],
    ["some allowance left", { allowance: 1 }, 1, "retry"],
    ["no time for the back-off", { leftMs: 17 }, 1, "deadline"],
    ["just enough time", { leftMs: 18 }, 1, "retry"],
    ["no deadline at all", { leftMs: Infinity }, 1, "retry"],
    ["an empty budget", {}, 0.9, "budget"],
    ["an empty budget, but the route wrote the policy", { fromRoute: true }, 0, "retry"],
    ["a brake", { isBraked: true }, 1, "brake"],
    ["a brake, though the route wrote the policy", { isBraked: true, fromRoute: true }, 0, "brake"],
    ["a brake where the budget is empty anyway", { isBraked: true }, 0, "budget"],
    ["a brake on what nobody would repeat", { isBraked: true, status: 500 }, 1, "not_retryable"],
  ])("%s", (_title, change, tokens, expected) => {
    expect(verdict(change, tokens)).toBe(expected);
  });

  it("takes a token only with a yes to a default policy", () => {
    for (const change of [{ fromRoute: true }, { retries: 1 }, { leftMs: 1 }, { isBraked: true }]) {
      const budget = { tokens: 2 };
      decideRetry({ ...failed, ...change }, budget, () => 0.5);
      expect(budget.tokens).toBe(2);
    }
    const budget = { tokens: 2 };
    expect(decideRetry(failed, budget, () => 0.5)).toEqual({ verdict: "retry", delayMs: 12.5 });
    expect(budget.tokens).toBe(1);
  });

  it("never sleeps past the deadline, never exceeds attempts, never repeats what must not be", () => {
    const reasons = Object.keys(REASONS) as Reason[];
    holds(
      fc.property(
        fc.record({
          reason: fc.constantFrom(...reasons),
          status: fc.constantFrom(0, 200, 500, 503),
          retries: fc.nat(5),
          allowance: fc.integer({ min: -1, max: 3 }),
          leftMs: fc.double({ min: -10, max: 500, noNaN: true }),
          isRepeatable: fc.boolean(),
          fromRoute: fc.boolean(),
          isBraked: fc.boolean(),
        }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (change, point) => {
          const attempt = { ...failed, ...change, policy: { ...failed.policy, attempts: 3 } };
          const decision = decideRetry(attempt, { tokens: 1 }, () => point);
          if (decision.verdict !== "retry") return;
          expect(decision.delayMs).toBeLessThan(attempt.leftMs);
          expect(attempt.retries).toBeLessThan(3);
          expect(attempt.allowance).not.toBe(0);
          expect(attempt.isBraked).toBe(false);
          if (!attempt.isRepeatable) expect(REASONS[attempt.reason].origin).toBe("local");
        },
      ),
    );
  });
});
