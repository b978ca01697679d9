// Owns how an HTTPFilter that a rule names becomes fields of the table.
import type { HTTPRouteFilter } from "../../mesh/contract/resources/http-route-filters.ts";
import { HEDDLE_GROUP, type HTTPFilterSpec } from "../../mesh/contract/resources/http-filter.ts";
import { toMilliseconds } from "../../mesh/contract/resources/duration.ts";
import type { Cors, Fault, Rule, Transform } from "../../mesh/contract/rule.ts";
import type { Inventory } from "./inventory.ts";

/** Whether a filter names an HTTPFilter. */
export const isHttpFilterRef = ({ extensionRef }: HTTPRouteFilter): boolean =>
  extensionRef?.group === HEDDLE_GROUP && extensionRef.kind === "HTTPFilter";

/** The HTTPFilters a list of filters names, in its order; null for one that does not exist. */
export const namedFilters = (
  filters: readonly HTTPRouteFilter[] | undefined,
  namespace: string,
  { httpFilters }: Pick<Inventory, "httpFilters">,
): (HTTPFilterSpec | null)[] =>
  (filters ?? [])
    .filter(isHttpFilterRef)
    .map(({ extensionRef }) => httpFilters.get(`${namespace}/${extensionRef?.name}`)?.spec ?? null);

/** A rule's fields with what an HTTPFilter adds. */
export function extended(
  fields: Pick<Rule, "transform" | "mirrors" | "cors" | "fault">,
  { directResponse, rewrite, redirect, cors, fault }: HTTPFilterSpec,
): Pick<Rule, "transform" | "mirrors" | "cors" | "fault"> {
  const added: Transform = {
    ...(rewrite ? { rewrite: { pattern: rewrite.pattern, to: rewrite.substitution } } : {}),
    ...(directResponse ? { answer: toAnswer(directResponse) } : {}),
    ...(redirect && fields.transform?.redirect
      ? { redirect: { ...fields.transform.redirect, samePort: true } }
      : {}),
  };
  const isChanged = Object.keys(added).length > 0;
  return {
    ...fields,
    ...(isChanged ? { transform: { ...fields.transform, ...added } } : {}),
    ...(cors ? { cors: toCors(cors) } : {}),
    ...(fault ? { fault: toFault(fault) } : {}),
  };
}

const toAnswer = ({
  status,
  body,
  contentType,
}: NonNullable<HTTPFilterSpec["directResponse"]>): NonNullable<Transform["answer"]> => ({
  status,
  ...(body === undefined ? {} : { body }),
  type: contentType,
});

function toCors(given: NonNullable<HTTPFilterSpec["cors"]>): Cors {
  const { allowOrigins = [], allowOriginPatterns, allowCredentials, maxAge } = given;
  const joined = (field: "methods" | "headers" | "expose", names: readonly string[] = []) =>
    names.length > 0 ? { [field]: names.join(", ") } : {};
  return {
    origins: allowOrigins.map((origin) => origin.toLowerCase()),
    ...(allowOriginPatterns ? { patterns: allowOriginPatterns } : {}),
    ...(allowCredentials ? { credentials: true } : {}),
    ...joined("methods", given.allowMethods),
    ...joined("headers", given.allowHeaders),
    ...joined("expose", given.exposeHeaders),
    maxAge,
  };
}

const toFault = ({ delay, abort, expires }: NonNullable<HTTPFilterSpec["fault"]>): Fault => ({
  expiresMs: Date.parse(expires),
  ...(delay ? { delay: { ms: toMilliseconds(delay.duration), share: delay.percent / 100 } } : {}),
  ...(abort ? { abort: { status: abort.status, share: abort.percent / 100 } } : {}),
});
