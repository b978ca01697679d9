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
  const { name, message, overloaded, durableObjectReset } = propsOf(error);
  if (name === "TimeoutError" && attempt.nowMs >= attempt.attemptEndMs - 1)
    return attempt.deadlineMs <= attempt.attemptEndMs ? "deadline_exceeded" : "per_try_timeout";
  if (overloaded === true) return "upstream_overloaded";
  if (durableObjectReset === true || String(message).startsWith("Network connection lost"))
    return "upstream_reset";
  return String(message).includes("your Worker's code had hung")
    ? "upstream_hung"
    : "upstream_threw";
}

/** What the platform puts on its exceptions; an application may too, and then only misleads itself. */
interface PlatformProps {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly overloaded?: unknown;
  readonly durableObjectReset?: unknown;
}

/** What an exception carries; nothing where it is no object. */
export const propsOf = (error: unknown): PlatformProps => error ?? {};
