// Owns what each value of an Istio AuthorizationPolicy is in ours: a value, one that can never match, or none.
import { authorizationPolicySpecSchema } from "../../../mesh/contract/resources/authorization-policy.ts";
import type { Fields } from "../fields.ts";
import type { Part, RuleScene } from "./authorization-policy.ts";

/** Ours; nothing where it matches nobody; null where there is no counterpart. */
type Ours = readonly string[] | null;

/** Of a host; ours are compared without. Where more is denied by it, a host with a port becomes one without. */
const PORT = /:(?:\d+|\*)$/;

/** A list of a source or an operation as ours; true and false where it always or never holds. */
export function toField(
  given: Fields,
  name: string,
  scene: RuleScene,
): Part<{ readonly name: string; readonly values: readonly string[] }> {
  const isNot = name.startsWith("not");
  const base = isNot ? name.charAt(3).toLowerCase() + name.slice(4) : name;
  const ours = base === "serviceAccounts" ? "principals" : base;
  const values = resolve(given.texts(name), isNot, scene, (value) => {
    const made = toOurs(base, value, scene);
    if (made !== null) return made;
    const wider = base === "hosts" && isNot !== scene.isDeny ? value.replace(PORT, "") : value;
    const instead = wider === value ? null : toOurs(base, wider, scene);
    const what = instead === null ? "has no counterpart" : `becomes ${wider}, whatever the port`;
    scene.tell([...given.at, name], `${value} ${what}`);
    return instead;
  });
  if (typeof values === "boolean") return values;
  return { name: isNot ? `not${ours.charAt(0).toUpperCase()}${ours.slice(1)}` : ours, values };
}

/** A condition as ours. */
export function toCondition(
  given: Fields,
  scene: RuleScene,
): Part<Readonly<Record<string, unknown>>> {
  const theirs = given.text("key") ?? "";
  const key = theirs === "source.serviceAccount" ? "source.principal" : theirs;
  const made = (["values", "notValues"] as const).flatMap((field) => {
    if (!given.has(field)) return [];
    const values = resolve(given.texts(field), field === "notValues", scene, (value) => {
      const ours = toConditionValue(theirs, value, scene);
      if (ours === null) scene.tell([...given.at, field], `${theirs}: ${value} has no counterpart`);
      return ours;
    });
    return [[field, values] as const];
  });
  if (made.some(([, values]) => values === false)) return false;
  const said = made.filter(([, values]) => values !== true);
  return said.length > 0 ? { key, ...Object.fromEntries(said) } : true;
}

function resolve(
  values: readonly string[],
  isNot: boolean,
  { isDeny }: RuleScene,
  toOne: (value: string) => Ours,
): Part<readonly string[]> {
  const made = values.map(toOne);
  const said = made.flatMap((one) => one ?? []);
  if (made.includes(null) && (isDeny || isNot)) return isDeny;
  return said.length > 0 ? said : isNot;
}

function toOurs(field: string, value: string, scene: RuleScene): Ours {
  if (field === "principals") return toPrincipal(value, scene);
  if (field === "serviceAccounts") return toAccount(value, scene);
  const lists = [{ [field]: [value] }];
  if (takes(SOURCES.has(field) ? { from: lists } : { to: lists })) return [value];
  // A method that is none of HTTP's is nobody's.
  return field === "methods" && !value.includes("*") ? [] : null;
}

/** `namespace/name`, or a name of the policy's own namespace, in any trust domain. */
function toAccount(value: string, scene: RuleScene): Ours {
  const [first = "", second] = value.split("/");
  const account = second === undefined ? `${scene.namespace}/sa/${first}` : `${first}/sa/${second}`;
  return toPrincipal(`*/ns/${account}`, scene);
}

const SOURCES = new Set([
  "namespaces",
  "trustDomains",
  "requestPrincipals",
  "ipBlocks",
  "remoteIpBlocks",
]);

/** Whether our schema takes a rule. */
const takes = (rule: Readonly<Record<string, unknown>>): boolean =>
  authorizationPolicySpecSchema.safeParse({ rules: [rule] }).success;

function toConditionValue(key: string, value: string, scene: RuleScene): Ours {
  if (key === "source.principal") return toPrincipal(value, scene);
  if (key === "source.serviceAccount") return toAccount(value, scene);
  return takes({ when: [{ key, values: [value] }] }) ? [value] : null;
}

const SHAPE = [null, "ns", null, "sa", null] as const;

/** `td/ns/NS/sa/NAME` with names whole; a star of Istio's that stops inside a name has no counterpart. */
function toPrincipal(value: string, { trustDomains }: RuleScene): Ours {
  if (value === "*") return ["*"];
  const segments = stretched(value.replace(/^spiffe:\/\//, "").split("/"));
  const isShaped = SHAPE.every((name, at) => name === null || segments[at] === name);
  if (!isShaped || segments.length !== SHAPE.length) return value.includes("*") ? null : [];
  const [trustDomain = "", , namespace, , name] = segments;
  const others = trustDomains.slice(1).map((one) => `${one}/ns/${namespace}/sa/${name}`);
  const made = trustDomains.includes(trustDomain)
    ? [`${namespace}/${name}`, ...others]
    : [segments.join("/")];
  return made.every((principal) => takes({ from: [{ principals: [principal] }] })) ? made : null;
}

/** A star at an end stands for all the segments that are missing there. */
function stretched(given: readonly string[]): readonly string[] {
  const missing = SHAPE.length - given.length;
  const filled = (from: number, to: number): string[] =>
    SHAPE.slice(from, to).map((name) => name ?? "*");
  if (missing <= 0) return given;
  if (given.at(-1) === "*")
    return [...given.slice(0, -1), ...filled(given.length - 1, SHAPE.length)];
  return given[0] === "*" ? [...filled(0, missing + 1), ...given.slice(1)] : given;
}
