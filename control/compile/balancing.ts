// Owns what a service's `balancing`, and the priorities and localities of its endpoints, become in the table.
import type { BalancingSpec } from "../../mesh/contract/resources/balancing.ts";
import { toMilliseconds } from "../../mesh/contract/resources/duration.ts";
import type { Balancing, Endpoint, ServiceChunk } from "../../mesh/contract/service.ts";
import type { BalanceMode } from "../../mesh/contract/table.ts";
import type { ServiceEntry } from "./services.ts";

/** What a service's chunk says of its endpoints and of how calls spread over them. */
export function spreadOf(
  entry: ServiceEntry,
  normal: BalanceMode,
  nowMs: number,
  byPolicy?: BalancingSpec,
): Pick<ServiceChunk, "endpoints" | "balance" | "balancing"> {
  const { resource } = entry;
  const given = byPolicy ?? resource?.spec.balancing;
  const balance = resource?.spec.balance ?? normal;
  const endpoints = withPriorities(entry.endpoints, given?.locality?.failover);
  if (endpoints.length < 2) return { endpoints, balance };
  if (given === undefined) return { endpoints, balance, ...ranked(endpoints, balance) };
  const before = resource?.stored.status?.["endpoints"];
  return {
    endpoints: given.slowStart ? withAges(endpoints, before, nowMs) : endpoints,
    balance,
    balancing: toBalancing(given),
  };
}

const withAges = (
  endpoints: readonly Endpoint[],
  before: unknown,
  nowMs: number,
): readonly Endpoint[] => {
  const seen = sightingsOf(endpoints, before, nowMs);
  return endpoints.map((one, index) => ({ ...one, sinceMs: seen[index]?.sinceMs ?? 0 }));
};

const ranked = (endpoints: readonly Endpoint[], mode: BalanceMode): { balancing?: Balancing } =>
  endpoints.some(({ rank }) => rank !== undefined) ? { balancing: { mode } } : {};

function toBalancing(spec: BalancingSpec): Balancing {
  const { mode, hash, points, bound, bias, slowStart, locality, panicThreshold, subset } = spec;
  return {
    mode,
    ...(hash ? { hash: toHash(hash) } : {}),
    ...(points === undefined ? {} : { points }),
    ...(bound === undefined ? {} : { most: bound }),
    ...(bias === undefined ? {} : { bias }),
    ...(slowStart ? { slowStart: toSlowStart(slowStart) } : {}),
    ...(locality?.weights ? { localities: locality.weights } : {}),
    ...(panicThreshold === undefined ? {} : { panic: panicThreshold }),
    ...(subset ? { subset: toSubset(subset) } : {}),
  };
}

function toHash({ on, name }: NonNullable<BalancingSpec["hash"]>): NonNullable<Balancing["hash"]> {
  if (name === undefined) return { on };
  return { on, name: on === "header" ? name.toLowerCase() : name };
}

const toSlowStart = ({
  window,
  aggression,
  minWeight,
}: NonNullable<BalancingSpec["slowStart"]>): NonNullable<Balancing["slowStart"]> => ({
  windowMs: toMilliseconds(window),
  aggression,
  least: minWeight / 100,
});

const toSubset = ({
  label,
  header,
  fallback,
}: NonNullable<BalancingSpec["subset"]>): NonNullable<Balancing["subset"]> => ({
  label,
  header: header.toLowerCase(),
  ...(fallback === "none" ? { only: true } : {}),
});

/** Endpoints with their place in the order of preference: their own priority first, then that of their locality. */
function withPriorities(
  endpoints: readonly Endpoint[],
  failover: readonly string[] = [],
): readonly Endpoint[] {
  const rankOf = ({ rank = 0, locality = "" }: Endpoint): number => {
    const at = failover.indexOf(locality);
    return rank * (failover.length + 1) + (at < 0 ? failover.length : at);
  };
  const ranks = [...new Set(endpoints.map(rankOf))].toSorted((a, b) => a - b);
  return endpoints.map((endpoint) => {
    const { rank: _, ...one } = endpoint;
    const rank = ranks.indexOf(rankOf(endpoint));
    return rank > 0 ? { ...one, rank } : one;
  });
}

/** When an endpoint of a service was first seen, as its status keeps it. */
interface Sighting {
  readonly id: string;
  readonly sinceMs: number;
}

/** Sightings after a turn: those of before, and what is new now. Of a service seen for the first time all is as old. */
export function sightingsOf(
  endpoints: readonly Endpoint[],
  before: unknown,
  nowMs: number,
): readonly Sighting[] {
  const old = Array.isArray(before) ? (before as readonly Sighting[]) : null;
  return endpoints.map(({ id }) => {
    const known = old?.find((one) => one.id === id)?.sinceMs;
    return { id, sinceMs: known ?? (old === null ? 0 : nowMs) };
  });
}
