// Owns what an exception of a dispatched call means: ours, theirs or the platform's (platform facts, not custom props).
import type { Reason } from "../contract/reasons.ts";

/** What is known of the attempt that threw. */
export interface ThrownAttempt {
  readonly nowMs: number;
  /** End of the whole call. */
  readonly deadlineMs: number;
  /** End of the attempt. */
  readonly attemptEndMs: number;
  /** The application's own signal was aborted. */
  readonly isCallerAborted: boolean;
}

/** The reason of a thrown error; a `TimeoutError` counts as ours only when our own timer was due. */
export function classifyThrown(error: unknown, attempt: ThrownAttempt): Reason {
  if (attempt.isCallerAborted) return "client_abort";
  if (typeof error !== "object" || error === null) return "upstream_threw";
  if ("name" in error && error.name === "TimeoutError" && attempt.nowMs >= attempt.attemptEndMs - 1)
    return attempt.deadlineMs <= attempt.attemptEndMs ? "deadline_exceeded" : "per_try_timeout";
  if ("overloaded" in error && error.overloaded === true) return "upstream_overloaded";
  if ("durableObjectReset" in error && error.durableObjectReset === true) return "upstream_reset";
  const message = "message" in error && typeof error.message === "string" ? error.message : "";
  if (message.startsWith("Network connection lost")) return "upstream_reset";
  if (message.includes("your Worker's code had hung")) return "upstream_hung";
  return "upstream_threw";
}
