// Owns the status of TrafficPolicies.
import type { TrafficOutcome } from "../compile/traffic.ts";
import { type Finding, fails, holds, toConditions } from "./conditions.ts";
import type { StatusWrite } from "./statuses.ts";

/** Statuses of all policies of a turn. */
export const trafficStatuses = (
  outcomes: readonly TrafficOutcome[],
  nowMs: number,
): StatusWrite[] =>
  outcomes.map((outcome) => {
    const { kind, metadata, status } = outcome.source.stored;
    const { namespace, name, generation } = metadata;
    const moment = { generation, nowMs };
    const conditions = toConditions(findingsOf(outcome), status?.["conditions"], moment);
    return { kind, namespace, name, generation, status: { conditions } };
  });

const findingsOf = ({ missing, conflicts }: TrafficOutcome): Finding[] => [
  accepted(missing, conflicts),
  missing.length > 0
    ? fails("ResolvedRefs", "TargetNotFound", `${missing.join(", ")} does not exist.`)
    : holds("ResolvedRefs", "Every target exists."),
];

/** GEP-713: the older of two policies that say the same of one target holds. */
function accepted(missing: readonly string[], conflicts: readonly string[]): Finding {
  if (conflicts.length > 0) {
    const names = conflicts.join(", ");
    const said = `${names} is older and says the same of a target; what it says holds there.`;
    return fails("Accepted", "Conflicted", said);
  }
  return missing.length > 0
    ? fails("Accepted", "TargetNotFound", `${missing.join(", ")} does not exist.`)
    : holds("Accepted", "The policy is accepted.");
}
