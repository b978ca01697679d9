// Owns what a chain answers: a value, a refusal of ours, or a failure of theirs. Nothing here throws.
import type { Reason } from "../contract/reasons.ts";

/** The endpoint answered; `status` is 0 for RPC. */
export interface Answer {
  readonly kind: "answer";
  readonly value: unknown;
  readonly status: number;
}

/** The mesh said no; `detail` is for the log, never for the outside. */
export interface Refusal {
  readonly kind: "refusal";
  readonly reason: Reason;
  readonly detail: string;
}

/** The endpoint failed; `error` is what the caller would have seen without the mesh. */
export interface Failure {
  readonly kind: "failure";
  readonly reason: Reason;
  readonly error: unknown;
}

export type Outcome = Answer | Refusal | Failure;

export const answer = (value: unknown, status: number): Answer => ({
  kind: "answer",
  value,
  status,
});
export const refuse = (reason: Reason, detail: string): Refusal => ({
  kind: "refusal",
  reason,
  detail,
});
export const fail = (reason: Reason, error: unknown): Failure => ({
  kind: "failure",
  reason,
  error,
});
