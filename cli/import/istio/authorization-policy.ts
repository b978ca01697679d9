// Owns how an Istio AuthorizationPolicy becomes ours. What has no counterpart is told and left out in the way that denies
// more: of a DENY rule the condition, of an ALLOW rule the alternative it stands in.
import type { Segment } from "../../commands/documents.ts";
import type { Fields } from "../fields.ts";
import { toCondition, toField } from "./authorization-values.ts";
import { type IstioDocument, type Scene, make } from "./scene.ts";

/** Istio's root namespace: its policies hold for the mesh. */
const ROOT_NAMESPACE = "istio-system";

/** A part of a rule: what it says, or that it always or never holds. */
export type Part<T> = T | true | false;
type Made = Readonly<Record<string, unknown>>;

/** What translating one rule needs to know. */
export interface RuleScene {
  readonly isDeny: boolean;
  readonly namespace: string;
  /** Names of the mesh's own trust domain. */
  readonly trustDomains: readonly string[];
  tell(at: readonly Segment[], why: string): void;
}

const SOURCE =
  "principals requestPrincipals namespaces serviceAccounts trustDomains ipBlocks remoteIpBlocks".split(
    " ",
  );
const OPERATION = ["hosts", "ports", "methods", "paths"];

/** Translates one AuthorizationPolicy. */
export function translateAuthorizationPolicy(document: IstioDocument, scene: Scene): void {
  const { spec, namespace, name } = document;
  const action = spec.text("action") ?? "ALLOW";
  if (action !== "ALLOW" && action !== "DENY") {
    spec.lacks("action", `${action} has no counterpart; the policy is left out`);
    spec.raw("rules");
    return;
  }
  const isMesh = namespace === (scene.rootNamespace ?? ROOT_NAMESPACE);
  const rules = spec.objects("rules").flatMap((rule) => {
    const made = toRule(rule, {
      isDeny: action === "DENY",
      namespace,
      trustDomains: scene.trustDomains ?? ["cluster.local"],
      tell: (at, why) => document.remark("warning", at, why),
    });
    return made === false ? [] : [made];
  });
  make(scene, document, {
    apiVersion: "heddle.dev/v1",
    kind: "AuthorizationPolicy",
    metadata: { name, namespace },
    spec: {
      ...placeOf(spec, isMesh),
      action,
      ...(document.annotations["istio.io/dry-run"] === "true" ? { mode: "shadow" } : {}),
      rules,
    },
  });
}

function placeOf(spec: Fields, isMesh: boolean): Made {
  const one = spec.object("targetRef");
  const targets = [...spec.objects("targetRefs"), ...(one ? [one] : [])];
  if (targets.length > 0)
    return {
      targetRefs: targets.map((target) => {
        const kind = target.text("kind");
        const group = target.text("group");
        return { ...(group ? { group } : {}), kind, name: target.text("name") };
      }),
    };
  const labels = spec.object("selector")?.pairs("matchLabels") ?? [];
  return {
    ...(labels.length > 0 ? { selector: { matchLabels: Object.fromEntries(labels) } } : {}),
    ...(isMesh ? { scope: "mesh" } : {}),
  };
}

/** The rule, or false where it can never hold. */
function toRule(rule: Fields, scene: RuleScene): Made | false {
  const from = clause(
    rule.objects("from").map((one) => element(one.object("source"), SOURCE, scene)),
  );
  const to = clause(
    rule.objects("to").map((one) => element(one.object("operation"), OPERATION, scene)),
  );
  const when = rule.objects("when").map((one) => toCondition(one, scene));
  if (from === false || to === false || when.includes(false)) return false;
  const conditions = when.filter((one) => one !== true);
  return {
    ...(from === true ? {} : { from }),
    ...(to === true ? {} : { to }),
    ...(conditions.length > 0 ? { when: conditions } : {}),
  };
}

/** One of them has to hold; none said: always. */
function clause(elements: readonly Part<Made>[]): Part<readonly Made[]> {
  if (elements.length === 0 || elements.includes(true)) return true;
  const said = elements.filter((one) => typeof one === "object");
  return said.length > 0 ? said : false;
}

/** All of its fields have to hold. */
function element(
  given: Fields | undefined,
  names: readonly string[],
  scene: RuleScene,
): Part<Made> {
  if (given === undefined) return true;
  const fields: Record<string, readonly string[]> = {};
  for (const name of names.flatMap((one) => [one, negated(one)])) {
    if (!given.has(name)) continue;
    const made = toField(given, name, scene);
    if (made === false) return false;
    if (made === true) continue;
    const ours = made.name;
    fields[ours] = [...(fields[ours] ?? []), ...made.values];
  }
  return Object.keys(fields).length > 0 ? fields : true;
}

const negated = (name: string): string => `not${name.charAt(0).toUpperCase()}${name.slice(1)}`;
