// Owns whether an attempt that failed is tried again, and when. One token of the budget is taken as part of a yes.
import type { Reason } from "../../contract/reasons.ts";
import { REASONS } from "../../contract/reasons.ts";
import type { RetryPolicy } from "../../contract/rule.ts";
import { backoffMs } from "./backoff.ts";
import type { RetryBudget } from "./budget.ts";
import { hasToken, spendRetry } from "./budget.ts";

/** With less than this left of the deadline nothing is begun: it could not end in time. */
export const LEAST_LEFT_MS = 5;

/** All that the decision looks at. */
export interface FailedAttempt {
  /** Why it failed; `upstream_status` or null where an answer came, whose `status` then decides. */
  readonly reason: Reason | null;
  readonly status: number;
  /** Retries made so far for this call. */
  readonly retries: number;
  /** Retries that the call tree may still make; -1 is no bound. */
  readonly allowance: number;
  /** Until the call's deadline; Infinity is none. */
  readonly leftMs: number;
  /** The method may be sent twice, by itself or by policy, and its body can be. */
  readonly isRepeatable: boolean;
  /** A route wrote the policy: its `attempts` bound it. A default one is bounded by the budget too. */
  readonly fromRoute: boolean;
  /** The edge holds back retries to where the next one would go. */
  readonly isBraked: boolean;
  readonly policy: RetryPolicy;
}

/** `retry`, or the first bound that said no. */
export type RetryVerdict =
  | "retry"
  | "not_retryable"
  | "not_repeatable"
  | "attempts"
  | "allowance"
  | "deadline"
  | "budget"
  | "brake";

export interface RetryDecision {
  readonly verdict: RetryVerdict;
  /** Time to wait before the retry, always short of the deadline; 0 unless `retry`. */
  readonly delayMs: number;
}

/**
 * Decides about a retry. An answer is retried for the policy's codes, anything else where its reason says so; what the
 * other side may have begun is repeated only where repeatable, what its mesh refused unseen (`unknown_epoch`) always.
 */
export const decideRetry = (
  failed: FailedAttempt,
  budget: RetryBudget,
  random: () => number,
): RetryDecision => {
  const refusal = refusalOf(failed);
  if (refusal !== null) return no(refusal);
  const { policy, retries, leftMs } = failed;
  const delayMs = backoffMs(policy.backoffBaseMs, policy.backoffCapMs, retries, random);
  if (delayMs + LEAST_LEFT_MS > leftMs) return no("deadline");
  const isFree = failed.fromRoute;
  if (!isFree && !hasToken(budget)) return no("budget");
  if (failed.isBraked) return no("brake");
  if (!isFree) spendRetry(budget);
  return { verdict: "retry", delayMs };
};

const refusalOf = (failed: FailedAttempt): RetryVerdict | null => {
  if (!isRetryable(failed)) return "not_retryable";
  const isUnseen = failed.reason !== null && REASONS[failed.reason].origin === "local";
  if (!failed.isRepeatable && !isUnseen) return "not_repeatable";
  if (failed.retries >= failed.policy.attempts) return "attempts";
  return failed.allowance === 0 ? "allowance" : null;
};

const isRetryable = ({ reason, status, policy }: FailedAttempt): boolean =>
  reason === null || reason === "upstream_status"
    ? policy.codes.includes(status)
    : REASONS[reason].retryable;

const no = (verdict: RetryVerdict): RetryDecision => ({ verdict, delayMs: 0 });
