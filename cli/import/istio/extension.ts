// Owns what becomes part of an HTTPFilter: cross-origin rules that the Gateway API's CORS filter cannot say, and faults.
import { METHODS } from "../../../mesh/contract/resources/http-route-filters.ts";
import type { Fields } from "../fields.ts";
import { duration, toMs } from "./duration.ts";
import { literal } from "./match.ts";
import type { IstioDocument, Scene } from "./scene.ts";

type Part = Readonly<Record<string, unknown>>;

const PLAIN_ORIGIN = /^(?:\*|https?:\/\/(?:[a-zA-Z0-9-]+\.)*[a-zA-Z0-9-]+(?::\d{1,5})?)$/;
const CORS_METHODS = new Set<string>([...METHODS, "*"]);

/** A corsPolicy: the Gateway API's own filter where every origin is one it takes. */
export function toCors(given: Fields | undefined): {
  readonly filters: readonly Part[];
  readonly special: Part;
} {
  if (given === undefined) return { filters: [], special: {} };
  // Istio forwards those of other origins unless it is told not to.
  if (given.raw("unmatchedPreflights") !== "IGNORE")
    given.lacks("unmatchedPreflights", "every preflight is answered by the mesh");
  const matchers = given.objects("allowOrigins");
  const origins = [
    ...given.texts("allowOrigin"),
    ...matchers.flatMap((matcher) => matcher.text("exact") ?? []),
  ];
  const patterns = matchers.flatMap((matcher) => {
    const prefix = matcher.text("prefix");
    const regex = matcher.text("regex");
    return prefix === undefined ? (regex ?? []) : `${literal(prefix)}.*`;
  });
  const common = commonOf(given);
  const isPlain =
    patterns.length === 0 &&
    origins.every((origin) => PLAIN_ORIGIN.test(origin)) &&
    ((common["allowMethods"] as readonly string[] | undefined) ?? []).every((name) =>
      CORS_METHODS.has(name),
    ) &&
    common["maxAge"] !== 0;
  const listed = origins.length > 0 ? { allowOrigins: origins } : {};
  if (isPlain) return { filters: [{ type: "CORS", cors: { ...listed, ...common } }], special: {} };
  const special = {
    ...listed,
    ...(patterns.length > 0 ? { allowOriginPatterns: patterns } : {}),
    ...common,
  };
  return { filters: [], special: { cors: special } };
}

function commonOf(given: Fields): Part {
  const list = (name: string): Part => {
    const names = given.texts(name);
    return names.length > 0 ? { [name]: names } : {};
  };
  const maxAge = toMs(given.text("maxAge"));
  return {
    ...(given.raw("allowCredentials") === true ? { allowCredentials: true } : {}),
    ...list("allowMethods"),
    ...list("allowHeaders"),
    ...list("exposeHeaders"),
    ...(maxAge === undefined ? {} : { maxAge: Math.round(maxAge / 1000) }),
  };
}

/** A fault, which ends by itself: the mesh takes none without an end. */
export function toFault(
  given: Fields | undefined,
  { expires }: Scene,
  document: IstioDocument,
): Part {
  if (given === undefined) return {};
  const delay = given.object("delay");
  const abort = given.object("abort");
  const wait = delay ? duration(delay, "fixedDelay") : undefined;
  const status = abort?.number("httpStatus");
  if (wait === undefined && status === undefined) return {};
  document.remark(
    "note",
    given.at,
    `the fault ends at ${expires}: a fault without an end is not taken`,
  );
  return {
    fault: {
      ...(delay && wait ? { delay: { duration: wait, percent: percentOf(delay) } } : {}),
      ...(abort && status ? { abort: { status, percent: percentOf(abort) } } : {}),
      expires,
    },
  };
}

/** Without a percentage no call is delayed or aborted. */
const percentOf = (given: Fields): number =>
  given.object("percentage")?.number("value") ?? given.number("percent") ?? 0;
