// Owns how the filters of a rule or a backendRef become fields of the table, and which of them it has no field for.
import type { HTTPRouteFilter } from "../../mesh/contract/resources/http-route-filters.ts";
import type { Backend, Cors, HeaderChange, Rule, Transform } from "../../mesh/contract/rule.ts";
import type { ResolvedBackend } from "./backends.ts";
import { isHttpFilterRef } from "./extensions.ts";

/** A backend of a mirror, as written. */
export type MirrorRef = NonNullable<HTTPRouteFilter["requestMirror"]>["backendRef"];

/** The filters of one place, compiled. */
export interface CompiledFilters {
  readonly fields: Pick<Rule, "transform" | "mirrors" | "cors" | "fault">;
  /** A filter that the mesh does not have: what it guards must not be passed by it (Gateway API). */
  readonly isBroken: boolean;
}

export type FilterPlace = "rule" | "backendRef";

/** Whether the mesh does what a filter of this type says at this place. */
export const isSupported = (filter: HTTPRouteFilter, place: FilterPlace): boolean => {
  const { type } = filter;
  if (type === "ExtensionRef") return place === "rule" && isHttpFilterRef(filter);
  return type !== "ExternalAuth";
};

/** Compiles a list of filters; `prefix` is the rule's path where it is one PathPrefix. */
export function compileFilters(
  filters: readonly HTTPRouteFilter[] | undefined,
  place: FilterPlace,
  prefix: string,
  resolve: (ref: MirrorRef, share: number) => ResolvedBackend,
): CompiledFilters {
  const given = filters ?? [];
  const mirrors = given.flatMap(({ requestMirror }) =>
    requestMirror ? sent(resolve(requestMirror.backendRef, shareOf(requestMirror)).backend) : [],
  );
  const written = given.find((filter) => filter.cors)?.cors;
  const cors = written ? { cors: toCors(written) } : {};
  const transform = { ...toTransform(given, prefix), ...(place === "backendRef" ? cors : {}) };
  return {
    fields: {
      ...(place === "rule" ? cors : {}),
      ...(Object.keys(transform).length > 0 ? { transform } : {}),
      ...(mirrors.length > 0 ? { mirrors } : {}),
    },
    isBroken: given.some((filter) => !isSupported(filter, place)),
  };
}

const sent = (mirror: Backend): Backend[] =>
  mirror.invalid || mirror.weight === 0 ? [] : [mirror];

function shareOf({
  percent = 100,
  fraction,
}: NonNullable<HTTPRouteFilter["requestMirror"]>): number {
  return fraction ? fraction.numerator / fraction.denominator : percent / 100;
}

function toTransform(filters: readonly HTTPRouteFilter[], prefix: string): Transform {
  let transform: Transform = {};
  for (const filter of filters) {
    const { requestHeaderModifier, responseHeaderModifier, requestRedirect } = filter;
    if (requestHeaderModifier)
      transform = { ...transform, request: toHeaderChange(requestHeaderModifier) };
    if (responseHeaderModifier)
      transform = { ...transform, response: toHeaderChange(responseHeaderModifier) };
    const moved = requestRedirect ?? filter.urlRewrite;
    if (moved) transform = { ...transform, ...toPlace(moved, prefix) };
    if (requestRedirect) transform = { ...transform, redirect: toRedirect(requestRedirect) };
  }
  return transform;
}

function toHeaderChange({
  set,
  add,
  remove,
}: NonNullable<HTTPRouteFilter["requestHeaderModifier"]>): HeaderChange {
  // Names are equivalent whatever their case, and the first entry of a name counts.
  const pairs = (list: NonNullable<typeof set>): [string, string][] => {
    const values = new Map<string, string>();
    for (const { name, value } of list)
      if (!values.has(name.toLowerCase())) values.set(name.toLowerCase(), value);
    return [...values];
  };
  return {
    ...(remove ? { remove: remove.map((name) => name.toLowerCase()) } : {}),
    ...(set ? { set: pairs(set) } : {}),
    ...(add ? { add: pairs(add) } : {}),
  };
}

function toRedirect({
  statusCode,
  scheme,
  port,
}: NonNullable<HTTPRouteFilter["requestRedirect"]>): NonNullable<Transform["redirect"]> {
  return {
    status: statusCode,
    ...(scheme ? { scheme } : {}),
    ...(port === undefined ? {} : { port }),
  };
}

type Moved = NonNullable<HTTPRouteFilter["urlRewrite"]>;

function toPlace(
  { hostname, path }: Moved,
  prefix: string,
): Pick<Transform, "host" | "path" | "cut"> {
  const host = hostname ? { host: hostname } : {};
  if (!path) return host;
  if (path.replaceFullPath !== undefined)
    return { ...host, path: normalPath(path.replaceFullPath) };
  return {
    ...host,
    path: withoutSlash(normalPath(path.replacePrefixMatch ?? "")),
    cut: withoutSlash(prefix).length,
  };
}

const withoutSlash = (path: string): string => (path.endsWith("/") ? path.slice(0, -1) : path);

/** As a request has it: beginning with a slash, nothing in it that would begin a query, no dot segments. */
function normalPath(path: string): string {
  const url = new URL("http://path");
  url.pathname = path;
  return url.pathname;
}

function toCors(given: NonNullable<HTTPRouteFilter["cors"]>): Cors {
  const joined = (field: "methods" | "headers" | "expose", names: readonly string[] = []) =>
    names.length > 0 ? { [field]: names.join(", ") } : {};
  // With credentials a browser takes the wildcard for the name of a header, so the gateway must not send it.
  const exposed = given.exposeHeaders?.filter((name) => name !== "*" || !given.allowCredentials);
  return {
    origins: (given.allowOrigins ?? []).map(normalOrigin),
    ...(given.allowCredentials ? { credentials: true } : {}),
    ...joined("methods", given.allowMethods),
    ...joined("headers", given.allowHeaders),
    ...joined("expose", exposed),
    maxAge: given.maxAge,
  };
}

/** As browsers send it: in lower case, without the scheme's own port. */
const normalOrigin = (origin: string): string =>
  origin.toLowerCase().replace(/^(http:.*):80$|^(https:.*):443$/, "$1$2");
