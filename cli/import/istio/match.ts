// Owns how an Istio match becomes matches of an HTTPRoute. An Istio prefix is one of characters, not of path segments, so
// it becomes a pattern; what only the mesh knows of a call is asked of the headers `heddle-…`.
import type { Fields } from "../fields.ts";

/** A condition on a header or a parameter. */
export interface Condition {
  readonly name: string;
  readonly type: "Exact" | "RegularExpression";
  readonly value: string;
}

/** One match of an HTTPRoute, with the conditions that must not hold, which it cannot say. */
export interface Match {
  readonly path: {
    readonly type: "Exact" | "PathPrefix" | "RegularExpression";
    readonly value: string;
  };
  readonly method?: string;
  readonly headers: readonly Condition[];
  readonly queryParams: readonly Condition[];
  readonly without: readonly Condition[];
  /** The prefix that a rewrite replaces. */
  readonly prefix?: { readonly value: string; readonly ignoreCase: boolean };
}

/** The path of a match that says none. */
export const ANY_PATH: Match["path"] = { type: "PathPrefix", value: "/" };
export const MATCH_ALL: Match = { path: ANY_PATH, headers: [], queryParams: [], without: [] };

const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/** The matches one HTTPMatchRequest stands for: one for each method its own pattern names. */
export function toMatches(given: Fields): readonly Match[] {
  given.text("name");
  given.text("statPrefix");
  const uri = given.object("uri");
  const ignoreCase = given.raw("ignoreUriCase") === true;
  const headers = [
    ...headersOf(given, "headers"),
    ...hostCondition(given),
    ...callConditions(given),
  ];
  const place = uri ? pathOf(uri, ignoreCase) : { path: ANY_PATH };
  const match: Match = {
    ...place,
    headers,
    queryParams: conditionsOf(given, "queryParams"),
    without: headersOf(given, "withoutHeaders"),
  };
  const method = given.object("method");
  return method ? methodsOf(method).map((name) => ({ ...match, method: name })) : [match];
}

const hostCondition = (given: Fields): readonly Condition[] => {
  const authority = given.object("authority");
  return authority ? [condition("host", authority)] : [];
};

/** Conditions on the caller and the port, under the names HTTPRoutes ask for them by. */
function callConditions(given: Fields): readonly Condition[] {
  const exact = (name: string, value: string): Condition => ({ name, type: "Exact", value });
  const port = given.number("port");
  const namespace = given.text("sourceNamespace");
  return [
    ...(port === undefined ? [] : [exact("heddle-port", String(port))]),
    ...(namespace === undefined ? [] : [exact("heddle-caller-namespace", namespace)]),
    ...given
      .pairs("sourceLabels")
      .map(([key, value]) => exact(`heddle-caller-label-${key.replaceAll("/", "~")}`, value)),
  ];
}

const conditionsOf = (given: Fields, name: string): readonly Condition[] =>
  given.entries(name).map(([key, matcher]) => condition(key, matcher));

/** Keys that Istio ignores among headers. */
const NO_HEADERS: ReadonlySet<string> = new Set(["uri", "scheme", "method", "authority"]);

const headersOf = (given: Fields, name: string): readonly Condition[] =>
  conditionsOf(given, name).filter((header) => !NO_HEADERS.has(header.name));

/** A StringMatch as a condition; an empty one asks for presence, and so does the pattern `*`. */
function condition(name: string, matcher: Fields): Condition {
  const exact = matcher.text("exact");
  const prefix = matcher.text("prefix");
  const regex = matcher.text("regex");
  const pattern = (value: string): Condition => ({ name, type: "RegularExpression", value });
  if (exact !== undefined)
    return exact === "" ? pattern("(?:)") : { name, type: "Exact", value: exact };
  if (prefix !== undefined) return pattern(`${literal(prefix)}.*`);
  return pattern(regex === undefined || regex === "*" ? ".*" : regex);
}

function pathOf(uri: Fields, ignoreCase: boolean): Pick<Match, "path" | "prefix"> {
  const exact = uri.text("exact");
  const prefix = uri.text("prefix");
  const regex = uri.text("regex");
  const pattern = (value: string): Match["path"] => ({
    type: "RegularExpression",
    value: ignoreCase ? `(?i)${value}` : value,
  });
  if (exact !== undefined) return { path: ignoreCase ? pattern(literal(exact)) : toExact(exact) };
  if (prefix !== undefined) {
    const path = prefix === "/" ? ANY_PATH : pattern(`${literal(prefix)}.*`);
    return { path, prefix: { value: prefix, ignoreCase } };
  }
  // A pattern says by itself whether case counts.
  const value = regex === undefined || regex === "*" ? ".*" : regex;
  return { path: { type: "RegularExpression", value } };
}

/** Paths that the Gateway API refuses to have written plainly are written as patterns. */
const toExact = (value: string): Match["path"] =>
  /^(?:\/[-A-Za-z0-9_~$&'()*+,;=:@%]+)*\/?$/.test(value) && !/%2f/i.test(value) && value !== ""
    ? { type: "Exact", value }
    : { type: "RegularExpression", value: literal(value) };

function methodsOf(matcher: Fields): readonly string[] {
  const { type, value } = condition("method", matcher);
  if (type === "Exact") return [value];
  const pattern = new RegExp(`^(?:${value})$`);
  return METHODS.filter((method) => pattern.test(method));
}

/** A text as a pattern that matches it alone. */
export const literal = (text: string): string =>
  text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
