// Owns how the rules of one AuthorizationPolicy become tests.
import type { PolicyRule, PolicySubject, PolicyTest } from "../../mesh/contract/policy.ts";
import {
  type AuthorizationPolicySpec,
  type AuthorizationRule,
  type PolicyCondition,
  readConditionKey,
} from "../../mesh/contract/resources/authorization-policy.ts";

/** Fields of `from` and `to` and what each looks at; the one with `not` before it is its negation. */
const FIELDS: readonly (readonly [string, PolicySubject])[] = [
  ["principals", "caller"],
  ["namespaces", "namespace"],
  ["trustDomains", "trustDomain"],
  ["requestPrincipals", "requestPrincipal"],
  ["ipBlocks", "sourceIp"],
  ["remoteIpBlocks", "remoteIp"],
  ["hosts", "host"],
  ["ports", "port"],
  ["methods", "method"],
  ["paths", "path"],
  ["rpc", "rpc"],
];

/** Keys of conditions and what each looks at. */
const KEYS: Readonly<Record<string, Pick<PolicyTest, "on" | "name">>> = {
  "source.principal": { on: "caller" },
  "source.namespace": { on: "namespace" },
  "source.trustDomain": { on: "trustDomain" },
  "source.ip": { on: "sourceIp" },
  "source.via": { on: "via" },
  "remote.ip": { on: "remoteIp" },
  "destination.ip": { on: "destinationIp" },
  "destination.port": { on: "destinationPort" },
  "request.auth.principal": { on: "requestPrincipal" },
  "request.auth.audiences": { on: "claim", name: ["aud"] },
  "request.auth.presenter": { on: "claim", name: ["azp"] },
};

/** The policy's rules, in its own order. */
export const toPolicyRules = (
  policy: string,
  { rules }: AuthorizationPolicySpec,
  trustDomain: string,
): PolicyRule[] => rules.map((rule) => ({ by: policy, all: toClauses(rule, trustDomain) }));

const toClauses = (
  { from, to, when }: AuthorizationRule,
  trustDomain: string,
): PolicyTest[][][] => [
  ...(from ? [from.map((source) => toTests(source, trustDomain))] : []),
  ...(to ? [to.map((operation) => toTests(operation, trustDomain))] : []),
  ...(when ? [[when.flatMap((condition) => toCondition(condition, trustDomain))]] : []),
];

function toTests(
  fields: Readonly<Record<string, readonly string[] | undefined>>,
  trustDomain: string,
): PolicyTest[] {
  return FIELDS.flatMap(([field, on]) => {
    const negated = `not${field.charAt(0).toUpperCase()}${field.slice(1)}`;
    return bothWays({ on }, fields[field], fields[negated], trustDomain);
  });
}

function toCondition(
  { key, values, notValues }: PolicyCondition,
  trustDomain: string,
): PolicyTest[] {
  const subject = readConditionKey(key) ?? KEYS[key];
  return subject === undefined ? [] : bothWays(subject, values, notValues, trustDomain);
}

function bothWays(
  subject: Pick<PolicyTest, "on" | "name">,
  values: readonly string[] | undefined,
  notValues: readonly string[] | undefined,
  trustDomain: string,
): PolicyTest[] {
  const toValues = (given: readonly string[]): string[] =>
    given.map((value) => canonical(subject.on, value, trustDomain));
  return [
    ...(values ? [{ ...subject, values: toValues(values) }] : []),
    ...(notValues ? [{ ...subject, values: toValues(notValues), not: true as const }] : []),
  ];
}

function canonical(on: PolicySubject, value: string, trustDomain: string): string {
  if (on === "host") return value.toLowerCase();
  return on === "caller" ? toPrincipal(value, trustDomain) : value;
}

/** `namespace/name` is a workload of the mesh's own trust domain. */
export function toPrincipal(value: string, trustDomain: string): string {
  const bare = value.replace(/^spiffe:\/\//, "");
  const [namespace = "", name, more] = bare.split("/");
  return name === undefined || more !== undefined
    ? bare
    : `${trustDomain}/ns/${namespace}/sa/${name}`;
}

/** Whether a rule looks at paths. */
export const isOfPaths = ({ all }: PolicyRule): boolean =>
  all.some((groups) => groups.some((tests) => tests.some(({ on }) => on === "path")));
