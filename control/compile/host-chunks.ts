// Owns the chunks of one hostname: one, or where it would be large one that says by what it is divided, and parts of which
// a request needs one: a reader parses little, and a change touches little. What any request may match is in all parts.
import { partOf } from "../../mesh/algorithms/match/part.ts";
import type { HostChunk } from "../../mesh/contract/table.ts";
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
  const chunkOf = (at: string, list: readonly CompiledRoute[], told: Partial<Division>) =>
    reuse.of(at, [told.parts, told.by, ...list], () => ({ table: buildRuleTable(list), ...told }));
  if (division === null) return [[id, chunkOf(id, own, {})]];
  const divided = spread(own, division.parts, (route) =>
    reuse.of(`${id} ${route.id}`, [division.parts, division.by, route], (last?: Divided) =>
      divide(route, division, last),
    ),
  );
  return [
    [id, chunkOf(id, [], division)],
    ...divided.map((list, part): [string, HostChunk] => {
      const at = `${id}#${part}`;
      return [at, chunkOf(at, list, {})];
    }),
  ];
}

/** The routes of each part. */
function spread(
  routes: readonly CompiledRoute[],
  parts: number,
  divide: (route: CompiledRoute) => Divided,
): readonly (readonly CompiledRoute[])[] {
  const divided = Array.from({ length: parts }, (): CompiledRoute[] => []);
  for (const route of routes) {
    const { byPart, anywhere } = divide(route);
    if (anywhere === null) for (const [part, piece] of byPart) divided[part]?.push(piece);
    else for (const [part, list] of divided.entries()) list.push(byPart.get(part) ?? anywhere);
  }
  return divided;
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
