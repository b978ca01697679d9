// The only place where a refusal becomes an answer; observe, outside, must see an answer.
import type { InboundCall, OutboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import { answer, fail, type Outcome, type Refusal } from "../../pipeline/outcome.ts";
import { HeddleError, problem } from "../../pipeline/problem.ts";
import { REASONS } from "../../contract/reasons.ts";

/** Turns refusals into problem+json or a HeddleError. */
export const rescue: Filter<OutboundCall> = {
  name: "rescue",
  doc: "Makes the one answer for each refusal; below observe, which must see an answer.",
  after: ["observe"],
  wrap: (next) => next,
  settle: (call, outcome) => {
    note(call, outcome);
    if (outcome.kind === "refusal") {
      if (call.http === null) return fail(outcome.reason, new HeddleError(outcome.reason));
      return respond(outcome, call.scope.context.traceId, false);
    }
    return outcome;
  },
};

/** The same on the way in: RPC refusals are values, since error classes do not survive every compatibility date. */
export const rescueInbound: Filter<InboundCall> = {
  name: "rescue",
  doc: "Makes the one answer for each refusal on the way in, with its reason for the caller's mesh.",
  after: ["observe"],
  wrap: (next) => next,
  settle: (call, outcome) => {
    note(call, outcome);
    if (outcome.kind !== "refusal") return outcome;
    if (call.rpc !== null) return answer({ heddleRefused: outcome.reason }, 0);
    return respond(outcome, call.context?.traceId ?? "", call.bound() !== "");
  },
};

function note(call: OutboundCall | InboundCall, outcome: Outcome): void {
  if (outcome.kind === "answer") return;
  call.reason = outcome.reason;
  if (outcome.kind === "refusal") call.detail = outcome.detail;
}

function respond(refusal: Refusal, traceId: string, inside: boolean): Outcome {
  return answer(problem(refusal.reason, traceId, inside), REASONS[refusal.reason].status);
}
