// Owns conditions on what the mesh itself knows of a call, written as header matches: no request carries these headers,
// and one that does is not looked at.
import type { HTTPRouteMatch } from "../../mesh/contract/resources/http-route.ts";
import type { Inventory, Workload } from "./inventory.ts";
import type { RouteMatch } from "./rules.ts";

type HeaderMatch = NonNullable<HTTPRouteMatch["headers"]>[number];

/** `ns/name` of the calling workload. */
const CALLER = "heddle-caller";
/** Its namespace. */
const NAMESPACE = "heddle-caller-namespace";
/** One of its labels; a slash in the key is written `~`. */
const LABEL = "heddle-caller-label-";
/** The port the call is for. */
const PORT = "heddle-port";

/** Whether a header match is such a condition. */
const isCallCondition = ({ name }: HeaderMatch): boolean =>
  /^heddle-(?:caller(?:-namespace|-label-.+)?|port)$/i.test(name);

/** The match with such conditions resolved to workloads and a port. */
export function resolveConditions(
  match: RouteMatch,
  { workloads }: Pick<Inventory, "workloads">,
): RouteMatch {
  const { headers = [], ...rest } = match;
  const told = headers.filter(isCallCondition);
  if (told.length === 0) return match;
  const callers = told.filter(({ name }) => name.toLowerCase() !== PORT);
  const port = told.find(({ name }) => name.toLowerCase() === PORT);
  return {
    ...rest,
    headers: headers.filter((header) => !isCallCondition(header)),
    conditions: headers.length,
    ...(port ? { port: Number(port.value) } : {}),
    ...(callers.length > 0 ? { from: callersOf(callers, [...workloads.values()]) } : {}),
  };
}

const callersOf = (conditions: readonly HeaderMatch[], workloads: readonly Workload[]): string[] =>
  workloads
    .filter((workload) => conditions.every((condition) => isMet(condition, workload)))
    .map(({ id }) => id);

function isMet({ name, value, type }: HeaderMatch, { id, namespace, spec }: Workload): boolean {
  const actual = factOf(name.toLowerCase(), id, namespace, spec.labels);
  if (actual === undefined) return false;
  return type === "RegularExpression" ? isWhole(value, actual) : value === actual;
}

function factOf(
  name: string,
  id: string,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): string | undefined {
  if (name === CALLER) return id;
  if (name === NAMESPACE) return namespace;
  const key = name.slice(LABEL.length).replaceAll("~", "/");
  return Object.entries(labels).find(([label]) => label.toLowerCase() === key)?.[1];
}

const isWhole = (pattern: string, text: string): boolean =>
  new RegExp(`^(?:${pattern})$`, "s").test(text);
