// Owns the chunks of one hostname: one, or where it would be large one that says by what it is divided, and parts of which
// a request needs one: a reader parses little, and a change touches little. What any request may match is in all parts.
import { partOf } from "../../mesh/algorithms/match/part.ts";
import type { HostChunk } from "../../mesh/contract/gateway.ts";
import { type Division, type Limits, divisionOf, keyOf } from "./division.ts";
import type { Reuse } from "./reuse.ts";
import { buildRuleTable } from "./rule-table.ts";
import type { CompiledRoute, RouteMatch } from "./rules.ts";

/** The chunks of the hostname whose chunk is `id`, from its routes, oldest first. */
export function hostChunks(
  id: string,
  routes: readonly CompiledRoute[],
  reuse: Reuse,
  limits?: Limits,
): readonly (readonly [id: string, chunk: HostChunk])[] {
  const own = [...new Set(routes)];
  const division = divisionOf(own, limits);
  if (division === null)
    return [[id, reuse.of(id, own, (): HostChunk => ({ table: buildRuleTable(own) }))]];
  const { parts, by } = division;
  const spread = reuse.of(`parts ${id}`, [parts, by, ...own], (last?: Spread) =>
    spreadOver(own, division, last),
  );
  return [
    [id, reuse.of(id, [parts, by], () => ({ table: buildRuleTable([]), ...division }))],
    ...spread.lists.map((list, part): [string, HostChunk] => {
      const at = `${id}#${part}`;
      return [at, reuse.of(at, [list], () => ({ table: buildRuleTable(list) }))];
    }),
  ];
}

/** Routes over the parts of a table. */
interface Spread {
  readonly division: Division;
  readonly own: readonly CompiledRoute[];
  readonly divided: readonly Divided[];
  /** The routes of each part; the same array where they are the same. */
  readonly lists: readonly (readonly CompiledRoute[])[];
}

function spreadOver(
  own: readonly CompiledRoute[],
  division: Division,
  before: Spread | undefined,
): Spread {
  const { parts, by } = division;
  const isAlike = before?.division.parts === parts && before.division.by === by;
  const last = isAlike ? before : undefined;
  const places = new Map(last?.own.map(({ id }, at) => [id, at]));
  const divided = own.map((route) => {
    const at = places.get(route.id) ?? -1;
    const known = last?.divided[at];
    return known !== undefined && last?.own[at] === route ? known : divide(route, division, known);
  });
  const replaced = last && replacedPieces(last, own, divided);
  const lists = replaced ? patched(last.lists, replaced) : listsOf(divided, parts, last?.lists);
  return { division, own, divided, lists };
}

/** The pieces that stand where others stood; null where the order of a part is another, or what is in all of them. */
function replacedPieces(
  last: Spread,
  own: readonly CompiledRoute[],
  divided: readonly Divided[],
): ReadonlyMap<number, Pieces> | null {
  const isInOrder =
    own.length === last.own.length && own.every(({ id }, at) => id === last.own[at]?.id);
  if (!isInOrder) return null;
  const found = new Map<number, Pieces>();
  for (const [at, after] of divided.entries()) {
    const before = last.divided[at];
    if (before === undefined || !isWhereItWas(before, after)) return null;
    if (before === after) continue;
    for (const [part, piece] of after.byPart) {
      const old = before.byPart.get(part);
      if (old !== undefined && old !== piece)
        found.set(part, new Map(found.get(part)).set(old, piece));
    }
  }
  return found;
}

const isWhereItWas = (before: Divided, after: Divided): boolean =>
  before === after ||
  (before.anywhere === after.anywhere &&
    before.byPart.size === after.byPart.size &&
    [...after.byPart.keys()].every((part) => before.byPart.has(part)));

type Pieces = ReadonlyMap<CompiledRoute, CompiledRoute>;

const patched = (lists: Spread["lists"], replaced: ReadonlyMap<number, Pieces>): Spread["lists"] =>
  lists.map((list, part) => {
    const pieces = replaced.get(part);
    return pieces === undefined ? list : list.map((piece) => pieces.get(piece) ?? piece);
  });

function listsOf(
  divided: readonly Divided[],
  parts: number,
  last: Spread["lists"] = [],
): Spread["lists"] {
  const lists = Array.from({ length: parts }, (): CompiledRoute[] => []);
  for (const { byPart, anywhere } of divided) {
    if (anywhere === null) for (const [part, piece] of byPart) lists[part]?.push(piece);
    else for (const [part, list] of lists.entries()) list.push(byPart.get(part) ?? anywhere);
  }
  return lists.map((list, part) => {
    const before = last[part];
    const isSame =
      before?.length === list.length && list.every((piece, at) => piece === before[at]);
    return isSame ? before : list;
  });
}

/** Whether a chunk of this id is a part: neither hostnames nor names have the sign. */
export const isPart = (id: string): boolean => id.startsWith("host:") && id.includes("#");

interface Divided {
  /** What is tried for a part's requests, with what is tried for any. */
  readonly byPart: ReadonlyMap<number, CompiledRoute>;
  /** What is tried for any request; null where there is nothing. */
  readonly anywhere: CompiledRoute | null;
}

/** Pieces that are as they were before the route changed stay the same, so that their parts do. */
function divide(route: CompiledRoute, division: Division, before?: Divided): Divided {
  const placeOf = (match: RouteMatch): number | null => {
    const key = route.isListed ? null : keyOf(match, division);
    return key === null ? null : partOf(key, division.parts);
  };
  const places = route.rules.map(({ matches }) => matches.map(placeOf));
  const pieceOf = (part: number | null, last: CompiledRoute | null = null): CompiledRoute => {
    const rules = route.rules.flatMap(({ rule, matches }, at) => {
      const isIn = (place: number | null | undefined): boolean => place === null || place === part;
      const mine = matches.filter((_, index) => isIn(places[at]?.[index]));
      return mine.length > 0 ? [{ rule, matches: mine }] : [];
    });
    const piece = { id: route.id, isListed: route.isListed, rules, problem: null };
    return last !== null && JSON.stringify(last) === JSON.stringify(piece) ? last : piece;
  };
  const found = new Set(places.flat().flatMap((place) => place ?? []));
  const anywhere = pieceOf(null, before?.anywhere);
  return {
    byPart: new Map([...found].map((part) => [part, pieceOf(part, before?.byPart.get(part))])),
    anywhere: anywhere.rules.length > 0 ? anywhere : null,
  };
}
