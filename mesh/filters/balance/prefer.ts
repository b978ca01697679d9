// What a service's `balancing` asks for: subset, priority, locality, then one of what is left by its mode.
import { type Latency, ewmaCost, observeLatency } from "../../algorithms/balance/ewma.ts";
import { leastRequestWeight } from "../../algorithms/balance/least-request.ts";
import { localityShares } from "../../algorithms/balance/locality.ts";
import { pickP2c } from "../../algorithms/balance/p2c.ts";
import { type Level, pickLevel, priorityLoads } from "../../algorithms/balance/priority.ts";
import { pickRoundRobin } from "../../algorithms/balance/round-robin.ts";
import { slowStartFactor } from "../../algorithms/balance/slow-start.ts";
import { isWithinBound } from "../../algorithms/hash/bounded.ts";
import { fnv, unitPoint } from "../../algorithms/hash/fnv.ts";
import { buildMaglev, pickMaglev } from "../../algorithms/hash/maglev.ts";
import { pickRendezvous } from "../../algorithms/hash/rendezvous.ts";
import { type Ring, buildRing, pickRing } from "../../algorithms/hash/ring.ts";
import type { Balancing, Endpoint, ServiceChunk } from "../../contract/service.ts";
import type { OutboundCall } from "../../pipeline/call.ts";
import type { EndpointLoad, ServiceState } from "../../pipeline/isolate.ts";
import type { Outcome } from "../../pipeline/outcome.ts";
import { hashKey } from "./hash-key.ts";

/** Share of the calls that look at an open circuit as at a closed one: somebody must ask for its probes. */
const PROBED = 1 / 20;
/** A failure counts as slow as this at least: fast ones would draw calls. */
const FAILED_MS = 1000;

type IsEligible = (index: number) => boolean;

/** Index of the endpoint to take among the eligible ones, or -1. */
export function prefer(
  call: OutboundCall,
  chunk: ServiceChunk,
  balancing: Balancing,
  state: ServiceState,
  isEligible: IsEligible,
): number {
  const { endpoints } = chunk;
  const random = (): number => call.isolate.random();
  const key =
    balancing.hash === undefined ? null : (hashKey(call, balancing.hash) ?? `${random()}`);
  const point = (what: string): number => (key === null ? random() : unitPoint(`${what} ${key}`));
  const all = inSubset(call, balancing, endpoints, isEligible);
  const isClosed = (index: number): boolean =>
    call.isolate.circuit(chunk.service, endpoints[index]?.id ?? "", "").isClosed();
  const healthy = new Set(all.filter((index) => isClosed(index) || random() < PROBED));
  const isHealthy = (index: number): boolean => healthy.has(index);
  const level = ofLevel(endpoints, balancing, all, isHealthy, point("level"));
  const left = ofLocality(endpoints, balancing, level, isHealthy, point("locality"));
  const chosen = (index: number): boolean => left.includes(index);
  return PICKS[balancing.mode]({
    call,
    chunk,
    balancing,
    state,
    isEligible: chosen,
    key: key ?? "",
  });
}

function inSubset(
  call: OutboundCall,
  { subset }: Balancing,
  endpoints: readonly Endpoint[],
  isEligible: IsEligible,
): readonly number[] {
  const all = [...endpoints.keys()].filter(isEligible);
  if (subset === undefined) return all;
  const wanted = call.http?.headers[subset.header];
  const some = all.filter((index) => endpoints[index]?.labels[subset.label] === wanted);
  const hasSome = wanted !== undefined && some.length > 0;
  return hasSome || subset.only === true ? (wanted === undefined ? [] : some) : all;
}

/** The endpoints of one priority, the unhealthy ones left out unless too few are healthy. */
function ofLevel(
  endpoints: readonly Endpoint[],
  { panic }: Balancing,
  all: readonly number[],
  isHealthy: IsEligible,
  point: number,
): readonly number[] {
  const rankOf = (index: number): number => endpoints[index]?.rank ?? 0;
  const last = Math.max(0, ...all.map(rankOf));
  const levels = Array.from({ length: last + 1 }, (_, rank) =>
    all.filter((index) => rankOf(index) === rank),
  );
  const healthy = levels.map((list) => list.filter(isHealthy));
  const loads = priorityLoads(
    levels.map((list, at): Level => ({ healthy: healthy[at]?.length ?? 0, total: list.length })),
    panic,
  );
  const at = pickLevel(loads, point);
  const well = healthy[at] ?? [];
  return loads[at]?.isPanic === true || well.length === 0 ? (levels[at] ?? []) : well;
}

function ofLocality(
  endpoints: readonly Endpoint[],
  { localities }: Balancing,
  level: readonly number[],
  isHealthy: IsEligible,
  point: number,
): readonly number[] {
  if (localities === undefined) return level;
  const names = Object.keys(localities);
  const members = names.map((name) => level.filter((index) => endpoints[index]?.locality === name));
  const shares = localityShares(
    members.map((list, at) => ({
      weight: localities[names[at] ?? ""] ?? 0,
      healthy: list.filter(isHealthy).length,
      total: list.length,
    })),
  );
  const at = pickLevel(
    shares.map((share) => ({ share, isPanic: false })),
    point,
  );
  return members[at] ?? level;
}

interface Field {
  readonly call: OutboundCall;
  readonly chunk: ServiceChunk;
  readonly balancing: Balancing;
  readonly state: ServiceState;
  readonly isEligible: IsEligible;
  readonly key: string;
}

const inFlight = ({ chunk, state }: Field, index: number): number =>
  state.loads.get(chunk.endpoints[index]?.id ?? "")?.inFlight ?? 0;

/** Endpoints with the weights they have now: a new one grows into its own. */
function weighted({ call, chunk, balancing }: Field): readonly Endpoint[] {
  const { slowStart } = balancing;
  if (slowStart === undefined) return chunk.endpoints;
  const now = call.isolate.now();
  return chunk.endpoints.map((one) =>
    one.sinceMs === undefined
      ? one
      : { ...one, weight: one.weight * slowStartFactor(slowStart, now - one.sinceMs) },
  );
}

const twoChoices = (
  field: Field,
  endpoints: readonly Endpoint[],
  load: (index: number) => number,
): number => pickP2c(endpoints, load, field.isEligible, () => field.call.isolate.random());

/** With several weights the load takes from the share; the second choice is then by the cost that is left. */
function leastRequest(field: Field): number {
  const endpoints = weighted(field);
  const bias = field.balancing.bias ?? 1;
  const shares = endpoints.map(({ weight }, index) => ({
    weight: leastRequestWeight(weight, inFlight(field, index), bias),
  }));
  const isEqual = endpoints.every(({ weight }) => weight === endpoints[0]?.weight);
  if (isEqual) return twoChoices(field, endpoints, (index) => inFlight(field, index));
  return pickP2c(
    shares,
    () => 0,
    field.isEligible,
    () => field.call.isolate.random(),
  );
}

const latencies = new WeakMap<EndpointLoad, Latency>();

function peakEwma(field: Field): number {
  const endpoints = weighted(field);
  const now = field.call.isolate.now();
  return twoChoices(field, endpoints, (index) => {
    const load = field.state.loads.get(endpoints[index]?.id ?? "");
    const latency = load === undefined ? undefined : latencies.get(load);
    return ewmaCost(latency, load?.inFlight ?? 0, 1, now);
  });
}

/** Takes in how long a call on an endpoint took. */
export function observeCall(
  call: OutboundCall,
  state: ServiceState,
  endpoint: string,
  outcome: Outcome,
  beganMs: number,
): void {
  const load = state.loads.get(endpoint);
  if (load === undefined || outcome.kind === "refusal") return;
  const now = call.isolate.now();
  const isFailed = outcome.kind === "failure" || outcome.status >= 500;
  const tookMs = Math.max(now - beganMs, isFailed ? FAILED_MS : 0);
  const known = latencies.get(load);
  if (known === undefined) latencies.set(load, { ewmaMs: tookMs, atMs: now });
  else observeLatency(known, tookMs, now);
}

const tables = new WeakMap<ServiceChunk, Ring | Uint16Array>();

function prepared<T extends Ring | Uint16Array>(chunk: ServiceChunk, make: () => T): T {
  const made = (tables.get(chunk) as T | undefined) ?? make();
  tables.set(chunk, made);
  return made;
}

/** Eligible and, where loads are bounded, within the bound; what is over it all takes part again when all are. */
function bounded(field: Field, pick: (isEligible: IsEligible) => number): number {
  const { balancing, chunk, isEligible } = field;
  const { most } = balancing;
  if (most === undefined) return pick(isEligible);
  let weight = 0;
  let calls = 0;
  chunk.endpoints.forEach((one, index) => {
    if (!isEligible(index)) return;
    weight += one.weight;
    calls += inFlight(field, index);
  });
  const within = pick((index) => {
    const share = (chunk.endpoints[index]?.weight ?? 0) / weight;
    return isEligible(index) && isWithinBound(inFlight(field, index), calls, share, most);
  });
  return within >= 0 ? within : pick(isEligible);
}

const PICKS: Readonly<Record<Balancing["mode"], (field: Field) => number>> = {
  "round-robin": (field) => pickRoundRobin(weighted(field), field.state.turns, field.isEligible),
  p2c: (field) => twoChoices(field, weighted(field), (index) => inFlight(field, index)),
  "least-request": leastRequest,
  "peak-ewma": peakEwma,
  ring: (field) => {
    const { chunk, balancing, key } = field;
    const ring = prepared(chunk, () => buildRing(chunk.endpoints, balancing.points));
    return bounded(field, (isEligible) => pickRing(ring, fnv(key), isEligible));
  },
  maglev: (field) => {
    const { chunk, key } = field;
    const table = prepared(chunk, () => buildMaglev(chunk.endpoints));
    return bounded(field, (isEligible) => pickMaglev(table, fnv(key), isEligible));
  },
  rendezvous: (field) =>
    bounded(field, (isEligible) => pickRendezvous(field.chunk.endpoints, field.key, isEligible)),
};
