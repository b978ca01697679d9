// Owns the status of AuthorizationPolicies.
import type { PolicyOutcome } from "../compile/policies.ts";
import { type Finding, fails, holds, partially, toConditions } from "./conditions.ts";
import type { StatusWrite } from "./statuses.ts";

/** Statuses of all policies of a turn. */
export const policyStatuses = (outcomes: readonly PolicyOutcome[], nowMs: number): StatusWrite[] =>
  outcomes.map((outcome) => {
    const { kind, metadata, status } = outcome.source.stored;
    const { namespace, name, generation } = metadata;
    const moment = { generation, nowMs };
    const conditions = toConditions(findingsOf(outcome), status?.["conditions"], moment);
    return {
      kind,
      namespace,
      name,
      generation,
      status: { selected: outcome.selected, conditions },
    };
  });

const findingsOf = ({ missing, selected, plain }: PolicyOutcome): Finding[] => [
  holds("Accepted", "The policy is accepted."),
  missing.length > 0
    ? fails("ResolvedRefs", "TargetNotFound", `Not there: ${missing.join(", ")}.`)
    : holds("ResolvedRefs", "Every target exists."),
  selected.length > 0
    ? holds("Programmed", "The policy is in the published table.")
    : fails("Programmed", "NothingSelected", "The policy selects nothing, so it has no effect."),
  ...partially(plain.map((at) => `at ${at}, which is not woven and asks nobody`)),
];
