// Owns the order of decisions: DENY, then ALLOW, then the default. The first that holds decides; nothing else does.
import type { DefaultAction, PolicyRule, PolicyScope, RuleSet } from "../../contract/policy.ts";
import { type Asked, ruleHolds } from "./holds.ts";

/** What came of it. */
export interface Decision {
  /** Null: allowed. */
  readonly reason: "denied" | "not_allowed" | "default_deny" | null;
  /** `namespace/name` of the policy that decided; empty where none did. */
  readonly policy: string;
}

/** Decides by what is in force; a scope of null is one that no policy selects. */
export function decide(
  scope: PolicyScope | null,
  asked: Asked,
  defaultAction: DefaultAction,
): Decision {
  return judge([scope?.deny], [scope?.allow], asked, defaultAction);
}

/** What would be decided were the shadow policies in force too; null where that is the same. */
export function decideShadow(
  scope: PolicyScope,
  asked: Asked,
  defaultAction: DefaultAction,
  inForce: Decision,
): Decision | null {
  const { shadow } = scope;
  if (shadow === undefined) return null;
  const made = judge([scope.deny, shadow.deny], [scope.allow, shadow.allow], asked, defaultAction);
  return (made.reason === null) === (inForce.reason === null) ? null : made;
}

type Sets = readonly (RuleSet | undefined)[];

function judge(deny: Sets, allow: Sets, asked: Asked, defaultAction: DefaultAction): Decision {
  const denied = firstOf(deny, asked, true);
  if (denied !== null) return { reason: "denied", policy: denied.by };
  if (allow.every((set) => set === undefined))
    return { reason: defaultAction === "deny" ? "default_deny" : null, policy: "" };
  const allowed = firstOf(allow, asked, false);
  return allowed === null
    ? { reason: "not_allowed", policy: "" }
    : { reason: null, policy: allowed.by };
}

function firstOf(sets: Sets, asked: Asked, isDeny: boolean): PolicyRule | null {
  for (const set of sets) {
    const found = set === undefined ? null : firstHolding(set, asked, isDeny);
    if (found !== null) return found;
  }
  return null;
}

function firstHolding(set: RuleSet, asked: Asked, isDeny: boolean): PolicyRule | null {
  const held = (numbers: readonly number[] | undefined): PolicyRule | null => {
    for (const number of numbers ?? NONE) {
      const rule = set.rules[number];
      if (rule !== undefined && ruleHolds(rule, asked, isDeny)) return rule;
    }
    return null;
  };
  const { index } = set;
  const { principal, rpc } = asked;
  const byCaller = held(set.rest) ?? held(index[`c:${principal}`]);
  const found = byCaller ?? held(index[`n:${principal.split("/")[2] ?? ""}`]);
  if (found !== null) return found;
  if (rpc !== null) return held(index[`r:${rpc}`]);
  return (
    held(index[`p:${asked.path}`]) ??
    held(index[`s:${firstSegment(asked.path)}`]) ??
    held(index[`h:${asked.host}`])
  );
}

const NONE: readonly number[] = [];

/** The first segment of a path, without its slashes. */
export function firstSegment(path: string): string {
  const end = path.indexOf("/", 1);
  return path.slice(1, end < 0 ? path.length : end);
}
