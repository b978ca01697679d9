// Owns Gateway API's matching read word by word, slow and simple, and a small compiler of flat matches for the index.
// HTTPRouteRule.matches: "Proxy or Load Balancer routing configuration generated from HTTPRoutes MUST prioritize
// matches based on the following criteria, continuing on ties. Across all rules specified on applicable Routes,
// precedence must be given to the match having: 'Exact' path match; 'Prefix' path match with largest number of
// characters; Method match; Largest number of header matches; Largest number of query param matches." Ties: the older
// route, then the first rule: here the order of the list. Regular expressions are the implementation's to place: ours
// come after exact and before prefix, in order.
import type { MatchCall } from "../../../mesh/algorithms/match/match.ts";
import type { Candidate, Condition, RuleTable } from "../../../mesh/contract/rule.ts";

/** One match of one rule; its place in the list is the rule. */
export interface FlatMatch {
  readonly path: {
    readonly type: "Exact" | "PathPrefix" | "RegularExpression";
    readonly value: string;
  };
  readonly method: string | undefined;
  readonly headers: readonly Condition[];
  readonly query: readonly Condition[];
}

/** Index of the match that wins, or -1: all that hold, sorted, the first. */
export const winnerByText = (matches: readonly FlatMatch[], call: MatchCall): number => {
  const holding = matches
    .map((match, index) => ({ match, index }))
    .filter(({ match }) => isMatch(match, call));
  holding.sort((left, right) => {
    const [a, b] = [rank(matches, left.match), rank(matches, right.match)];
    const differing = a.findIndex((value, i) => value !== b[i]);
    return differing < 0 ? left.index - right.index : (b[differing] ?? 0) - (a[differing] ?? 0);
  });
  return holding[0]?.index ?? -1;
};

/** The table of a list of matches. */
export const compileTable = (matches: readonly FlatMatch[]): RuleTable => {
  const exact: Record<string, Candidate[]> = {};
  const prefix: Record<string, Candidate[]> = {};
  const regex = new Map<string, Candidate[]>();
  const ordered = matches
    .map((match, rule) => ({ match, rule }))
    .sort((left, right) => compare(left.match, right.match) || left.rule - right.rule);
  for (const { match } of matches.map((one) => ({ match: one }))) {
    if (match.path.type === "RegularExpression") regex.set(match.path.value, []);
  }
  for (const { match, rule } of ordered) {
    const { type, value } = match.path;
    if (type === "Exact") (exact[value] ??= []).push(candidateOf(match, rule));
    else if (type === "PathPrefix")
      (prefix[withoutSlash(value)] ??= []).push(candidateOf(match, rule));
    else regex.get(value)?.push(candidateOf(match, rule));
  }
  const rules = matches.map((_, index) => ({ route: "ns/route", index, backends: [] }));
  const patterns = [...regex].map(([pattern, candidates]) => ({ pattern, candidates }));
  return JSON.parse(JSON.stringify({ rules, exact, prefix, regex: patterns })) as RuleTable;
};

const compare = (left: FlatMatch, right: FlatMatch): number =>
  Number(right.method !== undefined) - Number(left.method !== undefined) ||
  right.headers.length - left.headers.length ||
  right.query.length - left.query.length;

const candidateOf = (match: FlatMatch, rule: number): Candidate => ({
  rule,
  ...(match.method === undefined ? {} : { method: match.method }),
  ...(match.headers.length === 0 ? {} : { headers: match.headers }),
  ...(match.query.length === 0 ? {} : { query: match.query }),
});

const withoutSlash = (path: string): string => (path.endsWith("/") ? path.slice(0, -1) : path);

const rank = (matches: readonly FlatMatch[], match: FlatMatch): readonly number[] => {
  const { type, value } = match.path;
  const regexPlace = matches.findIndex(
    (other) => other.path.type === type && other.path.value === value,
  );
  const byPath = {
    Exact: [2, 0],
    RegularExpression: [1, -regexPlace],
    PathPrefix: [0, withoutSlash(value).length],
  };
  return [
    ...byPath[type],
    Number(match.method !== undefined),
    match.headers.length,
    match.query.length,
  ];
};

const isMatch = (match: FlatMatch, call: MatchCall): boolean =>
  isPathMatch(match, call.path) &&
  (match.method === undefined || match.method === call.method) &&
  match.headers.every(({ name, value }) => call.header(name) === value) &&
  match.query.every(({ name, value }) => firstParam(call.query, name) === value);

const isPathMatch = ({ path }: FlatMatch, actual: string): boolean => {
  if (path.type === "Exact") return actual === path.value;
  if (path.type === "RegularExpression") return new RegExp(`^(?:${path.value})$`).test(actual);
  const wanted = withoutSlash(path.value).split("/");
  const given = actual.split("/");
  return wanted.every((element, index) => given[index] === element);
};

const firstParam = (query: string, name: string): string | null => {
  for (const param of query.split("&")) {
    const [rawName = "", ...rest] = param.split("=");
    if (decode(rawName) === name) return decode(rest.join("="));
  }
  return null;
};

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
