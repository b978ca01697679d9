// Owns keeping the order of a VirtualService, whose first matching route wins: what must not hold becomes earlier rules,
// and a list whose order the Gateway API's precedence would change is told to be tried as listed.
import { type Condition, MATCH_ALL, type Match } from "./match.ts";

/** A match and what is done by it. */
export interface Item<A> {
  readonly match: Match;
  readonly action: A;
}

/** The same decisions without `without`: those that must be passed over go to copies of what comes later. */
export function withoutNegations<A>(
  items: readonly Item<A>[],
  none: A,
  tell: (message: string) => void,
): readonly Item<A>[] {
  const [first, ...rest] = items;
  if (first === undefined) return [];
  const later = withoutNegations(rest, none, tell);
  const { without, ...match } = first.match;
  const copies = without.flatMap((condition) => {
    const end: Item<A>[] = later.some(({ match: one }) => isAll(one))
      ? []
      : [{ match: MATCH_ALL, action: none }];
    return [...later, ...end].flatMap((item) => {
      const both = joined(item.match, condition, tell);
      return both ? [{ ...item, match: both }] : [];
    });
  });
  return [...copies, { ...first, match: { ...match, without: [] } }, ...later];
}

const isAll = ({ path, method, headers, queryParams }: Match): boolean =>
  path.type === "PathPrefix" &&
  path.value === "/" &&
  method === undefined &&
  headers.length + queryParams.length === 0;

/** The match with one more header condition; null where the two cannot both hold. */
function joined(match: Match, condition: Condition, tell: (message: string) => void): Match | null {
  const same = match.headers.find(
    ({ name }) => name.toLowerCase() === condition.name.toLowerCase(),
  );
  if (same === undefined) return { ...match, headers: [...match.headers, condition] };
  if (same.type === condition.type && same.value === condition.value) return match;
  if (same.type === "Exact") return isMet(condition, same.value) ? match : null;
  if (condition.type === "Exact")
    return isMet(same, condition.value)
      ? { ...match, headers: match.headers.map((one) => (one === same ? condition : one)) }
      : null;
  tell(`withoutHeaders.${condition.name}: two patterns on one header cannot be joined`);
  return match;
}

const isMet = ({ type, value }: Condition, text: string): boolean =>
  type === "Exact" ? value === text : new RegExp(`^(?:${value})$`, "s").test(text);

/** Whether the Gateway API's precedence would try two matches, that one request can meet, in another order. */
export function isReordered<A>(items: readonly Item<A>[]): boolean {
  return items.some((later, index) =>
    items
      .slice(0, index)
      .some(
        (earlier) =>
          earlier.action !== later.action &&
          isBefore(later.match, earlier.match) &&
          canMeet(earlier.match, later.match),
      ),
  );
}

function isBefore(a: Match, b: Match): boolean {
  const [first, second] = [rank(a), rank(b)];
  const at = first.findIndex((value, index) => value !== second[index]);
  return at >= 0 && (first[at] ?? 0) < (second[at] ?? 0);
}

const KINDS = ["Exact", "RegularExpression", "PathPrefix"];

/** Patterns of one length are tried by their text, not in the order of the list. */
const rank = ({ path, method, headers, queryParams }: Match): readonly (number | string)[] => [
  KINDS.indexOf(path.type),
  -path.value.length,
  path.type === "RegularExpression" ? path.value : "",
  method === undefined ? 1 : 0,
  -headers.length,
  -queryParams.length,
];

function canMeet(a: Match, b: Match): boolean {
  if (a.method !== undefined && b.method !== undefined && a.method !== b.method) return false;
  return (
    canShare(a.headers, b.headers) && canShare(a.queryParams, b.queryParams) && canBeBoth(a, b)
  );
}

const canShare = (a: readonly Condition[], b: readonly Condition[]): boolean =>
  a.every(({ name, type, value }) =>
    b.every(
      (other) =>
        other.name.toLowerCase() !== name.toLowerCase() ||
        (type === "Exact"
          ? isMet(other, value)
          : other.type !== "Exact" || isMet({ name, type, value }, other.value)),
    ),
  );

function canBeBoth(a: Match, b: Match): boolean {
  if (a.path.type === "Exact") return holds(b, a.path.value);
  if (b.path.type === "Exact") return holds(a, b.path.value);
  if (a.prefix && b.prefix && !a.prefix.ignoreCase && !b.prefix.ignoreCase)
    return a.prefix.value.startsWith(b.prefix.value) || b.prefix.value.startsWith(a.prefix.value);
  return true;
}

function holds({ path }: Match, text: string): boolean {
  if (path.type === "Exact") return path.value === text;
  if (path.type === "PathPrefix")
    return path.value === "/" || `${text}/`.startsWith(`${path.value}/`);
  const isFolded = path.value.startsWith("(?i)");
  return new RegExp(
    `^(?:${isFolded ? path.value.slice(4) : path.value})$`,
    isFolded ? "i" : "",
  ).test(text);
}
