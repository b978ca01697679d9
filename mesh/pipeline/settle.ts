// Owns whether a settled attempt counts as good, and what giving it up takes.
import type { OutboundCall } from "./call.ts";
import type { Outcome } from "./outcome.ts";

/** An answer whose status is none of the policy's failure codes. */
export const isGood = (outcome: Outcome, codes: readonly number[]): boolean =>
  outcome.kind === "answer" && !codes.includes(outcome.status);

/** The request can be sent again byte for byte. */
export const isReplayable = (call: OutboundCall): boolean =>
  call.http === null || call.http.replayable;

/** Frees what a given-up answer holds. */
export async function giveUp(outcome: Outcome): Promise<void> {
  if (outcome.kind === "answer" && outcome.value instanceof Response)
    await outcome.value.body?.cancel();
}
