// Owns by what the rules of a large table are divided: the path's first segment, or the value of a header where most of
// the rules share their path and differ in that.
import { firstSegment } from "../../mesh/algorithms/match/part.ts";
import type { CompiledRoute, RouteMatch } from "./rules.ts";

/** How a table is divided. */
export interface Division {
  readonly parts: number;
  /** Name of the header, in lower case; absent: the first segment. */
  readonly by?: string;
}

/** Sizes in bytes, about. */
export interface Limits {
  /** A table above it is divided. */
  readonly whole: number;
  /** What a part is to have. */
  readonly part: number;
}

const LIMITS: Limits = { whole: 256 * 1024, part: 12 * 1024 };

/** Null: it stays whole. */
export function divisionOf(
  routes: readonly CompiledRoute[],
  limits: Limits = LIMITS,
): Division | null {
  const profiles = routes.map(profileOf);
  const bytes = profiles.reduce((sum, profile) => sum + profile.bytes, 0);
  if (bytes <= limits.whole) return null;
  // A power of two, so that it seldom changes.
  const parts = 2 ** Math.ceil(Math.log2(bytes / limits.part));
  const bySegment = mostAtOnce(
    bytes,
    profiles.map(({ segments }) => segments),
  );
  if (bySegment <= bytes / 16) return { parts };
  const by = commonest(profiles);
  const byHeader =
    by === null
      ? bytes
      : mostAtOnce(
          bytes,
          profiles.flatMap(({ headers }) => headers.get(by) ?? []),
        );
  if (by !== null && byHeader < bySegment) return byHeader <= bytes / 2 ? { parts, by } : null;
  return bySegment <= bytes / 2 ? { parts } : null;
}

/** The part a match is in; null: in all of them. */
export function keyOf(match: RouteMatch, { by }: Pick<Division, "by">): string | null {
  if (by !== undefined) return exactHeaders(match).get(by) ?? null;
  const { type, value } = match.path;
  const isAnywhere = type === "RegularExpression" || (type === "PathPrefix" && value === "/");
  return isAnywhere ? null : firstSegment(value);
}

/** Bytes by key. */
type Weights = ReadonlyMap<string, number>;

interface Profile {
  readonly bytes: number;
  readonly segments: Weights;
  /** By header. */
  readonly headers: ReadonlyMap<string, Weights>;
}

/** At least what the largest part would have: its heaviest key, and what is in all of them. */
function mostAtOnce(bytes: number, weights: readonly Weights[]): number {
  const sums = new Map<string, number>();
  let keyed = 0;
  let most = 0;
  for (const some of weights) {
    for (const [key, weight] of some) {
      const sum = (sums.get(key) ?? 0) + weight;
      sums.set(key, sum);
      keyed += weight;
      if (sum > most) most = sum;
    }
  }
  return bytes - keyed + most;
}

/** The header that most bytes have a condition on. */
function commonest(profiles: readonly Profile[]): string | null {
  const sums = new Map<string, number>();
  for (const { headers } of profiles)
    for (const [name, weights] of headers)
      for (const weight of weights.values()) sums.set(name, (sums.get(name) ?? 0) + weight);
  return [...sums].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? null;
}

const profiles = new WeakMap<CompiledRoute, Profile>();

/** About what a route takes of a chunk. */
function profileOf(route: CompiledRoute): Profile {
  const known = profiles.get(route);
  if (known !== undefined) return known;
  const segments = new Map<string, number>();
  const headers = new Map<string, Map<string, number>>();
  let bytes = 0;
  for (const { rule, matches } of route.rules) {
    const size = JSON.stringify(rule).length / matches.length;
    for (const match of matches) {
      const weight = size + JSON.stringify(match).length;
      bytes += weight;
      if (route.isListed) continue;
      add(segments, keyOf(match, {}), weight);
      for (const [name, value] of exactHeaders(match)) {
        const weights = headers.get(name) ?? new Map<string, number>();
        headers.set(name, weights);
        add(weights, value, weight);
      }
    }
  }
  const profile = { bytes, segments, headers };
  profiles.set(route, profile);
  return profile;
}

function add(weights: Map<string, number>, key: string | null, weight: number): void {
  if (key !== null) weights.set(key, (weights.get(key) ?? 0) + weight);
}

/** Values that headers must have; of several conditions on one name, the first counts. */
function exactHeaders({ headers = [] }: RouteMatch): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const seen = new Set<string>();
  for (const { name, value, type } of headers) {
    const key = name.toLowerCase();
    if (!seen.has(key) && type !== "RegularExpression") values.set(key, value);
    seen.add(key);
  }
  return values;
}
