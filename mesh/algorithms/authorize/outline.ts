// Owns what can be said of a caller before it asks anything: all, some or none of what it could ask is allowed.
import type { DefaultAction, PolicyRule, PolicyScope, PolicyTest } from "../../contract/policy.ts";
import { type Asked, ruleHolds } from "./holds.ts";

export type Outline = "all" | "some" | "none";

/** Subjects that are known of a caller alone. */
const OF_CALLER: ReadonlySet<PolicyTest["on"]> = new Set([
  "caller",
  "namespace",
  "trustDomain",
  "via",
]);

/** What the caller may at a scope; `some` where that hangs on what it asks. */
export function outline(
  scope: PolicyScope | null,
  caller: Pick<Asked, "principal" | "via">,
  defaultAction: DefaultAction,
): Outline {
  const asked: Asked = { ...NOTHING, ...caller };
  const denies = (scope?.deny?.rules ?? []).map((rule) => heldBy(rule, asked));
  if (denies.includes("all")) return "none";
  const isPartlyDenied = denies.includes("some");
  if (scope?.allow === undefined) {
    if (defaultAction === "deny") return "none";
    return isPartlyDenied ? "some" : "all";
  }
  const allows = scope.allow.rules.map((rule) => heldBy(rule, asked));
  if (allows.includes("all")) return isPartlyDenied ? "some" : "all";
  return allows.includes("some") ? "some" : "none";
}

const UNASKED = "";
const NOTHING: Omit<Asked, "principal" | "via"> = {
  rpc: null,
  method: UNASKED,
  host: UNASKED,
  port: UNASKED,
  path: UNASKED,
  header: undefined,
  claims: undefined,
};

/** Whether a rule holds for all the caller could ask, for some of it, or for none. */
function heldBy({ by, all }: PolicyRule, asked: Asked): Outline {
  const isOfCaller = ({ on }: PolicyTest): boolean => OF_CALLER.has(on);
  const possible: PolicyRule = {
    by,
    all: all.map((groups) => groups.map((tests) => tests.filter(isOfCaller))),
  };
  if (!ruleHolds(possible, asked, false)) return "none";
  const certain: PolicyRule = {
    by,
    all: all.map((groups) => groups.filter((tests) => tests.every(isOfCaller))),
  };
  return ruleHolds(certain, asked, false) ? "all" : "some";
}
