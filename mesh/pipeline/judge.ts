// Owns whether what came of an attempt speaks for or against its endpoint (docs/outcomes.md).
import { PROXY_STATUS } from "../contract/headers.ts";
import type { Reason } from "../contract/reasons.ts";
import { propsOf } from "./classify.ts";
import type { Outcome } from "./outcome.ts";

/** Statuses by which an endpoint says that it cannot serve; 500 is an answer of the application. */
const FAILED = [502, 503, 504];
/** A deadline that left an attempt less than this says nothing of the endpoint. */
const FAIR_MS = 100;

/** What is known of the attempt beside its outcome. */
export interface JudgedAttempt {
  readonly isRpc: boolean;
  /** Why the callee's mesh refused, where the answer is its refusal. */
  readonly refusedThere: Reason | null;
  /** Time it had. */
  readonly hadMs: number;
  /** Names of errors thrown over RPC that count as failures. */
  readonly exceptions: readonly string[];
}

/** Whether an outcome speaks for the endpoint; false: against it, null: it says nothing of it. */
export function judge(outcome: Outcome, attempt: JudgedAttempt): boolean | null {
  const { isRpc, refusedThere, hadMs, exceptions } = attempt;
  if (outcome.kind === "answer") {
    if (refusedThere !== null) return null;
    if (!FAILED.includes(outcome.status)) return true;
    return isOfMesh(outcome.value) ? null : false;
  }
  const { reason } = outcome;
  if (reason === "deadline_exceeded") return hadMs < FAIR_MS ? null : false;
  if (outcome.kind === "refusal") return reason === "per_try_timeout" ? false : null;
  if (reason === "client_abort") return null;
  if (!isRpc || reason !== "upstream_threw") return false;
  return !exceptions.includes(String(propsOf(outcome.error).name));
}

/** An answer that a mesh made further down and the endpoint only hands on: its own upstream is at fault. */
const isOfMesh = (value: unknown): boolean =>
  value instanceof Response && value.headers.get(PROXY_STATUS)?.startsWith("heddle;") === true;
