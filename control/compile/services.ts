// Owns what a service is: its Service resource, or the registered Worker of its name; with its endpoints and their ids.
import type { BalancingSpec } from "../../mesh/contract/resources/balancing.ts";
import {
  type ServiceEndpoint,
  type ServiceSpec,
  toWorkload,
} from "../../mesh/contract/resources/service.ts";
import type { Endpoint, ServiceChunk, ServiceRoutes } from "../../mesh/contract/service.ts";
import type { Defaults, Directory } from "../../mesh/contract/table.ts";
import { RELAY_WORKLOAD, SYSTEM_NAMESPACE } from "../../mesh/contract/wiring.ts";
import { IDENTITY_LEVELS, type IdentityLevel } from "../../mesh/contract/identity.ts";
import type { WorkloadSpec } from "../resources/workload.ts";
import { spreadOf } from "./balancing.ts";
import type { Known, Workload } from "./inventory.ts";

/** One service as callers and routes see it. */
export interface ServiceEntry {
  /** `namespace/name`. */
  readonly id: string;
  readonly namespace: string;
  /** Null: the service is the Worker of its name. */
  readonly resource: Known<ServiceSpec> | null;
  /** Null is any. */
  readonly ports: readonly number[] | null;
  readonly endpoints: readonly Endpoint[];
  /** Workers an endpoint names that are not registered. */
  readonly missingWorkers: readonly string[];
}

/** All services by `namespace/name`, in that order. */
export function indexServices(
  resources: readonly Known<ServiceSpec>[],
  workloads: ReadonlyMap<string, Workload>,
): ReadonlyMap<string, ServiceEntry> {
  const entries = new Map<string, ServiceEntry>();
  for (const { id, namespace } of workloads.values()) {
    if (namespace === SYSTEM_NAMESPACE) continue;
    const endpoints = [toEndpoint({ worker: id, weight: 1 }, namespace, workloads)];
    entries.set(id, { id, namespace, resource: null, ports: null, endpoints, missingWorkers: [] });
  }
  const isSubset = ({ spec }: Known<ServiceSpec>): boolean => spec.subset !== undefined;
  for (const resource of resources.filter((one) => !isSubset(one)))
    entries.set(resource.id, fromResource(resource, workloads));
  const whole = new Map(entries);
  for (const resource of resources.filter(isSubset))
    entries.set(resource.id, toSubset(resource, whole));
  return new Map([...entries].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function fromResource(
  resource: Known<ServiceSpec>,
  workloads: ReadonlyMap<string, Workload>,
): ServiceEntry {
  const { id, namespace, spec } = resource;
  const ownWorker: ServiceEndpoint[] = workloads.has(id) ? [{ worker: id, weight: 1 }] : [];
  const endpoints = (spec.endpoints ?? ownWorker).map((endpoint) =>
    toEndpoint(endpoint, namespace, workloads),
  );
  return {
    id,
    namespace,
    resource,
    ports: spec.ports?.map(({ port }) => port) ?? null,
    endpoints,
    missingWorkers: endpoints.flatMap(({ worker }) =>
      worker && !workloads.has(worker) ? [worker] : [],
    ),
  };
}

/** Of a service that is a subset itself, or is not there, nothing is left. */
function toSubset(
  resource: Known<ServiceSpec>,
  whole: ReadonlyMap<string, ServiceEntry>,
): ServiceEntry {
  const { id, namespace, spec } = resource;
  const { service = "", labels = {}, namespace: other = namespace } = spec.subset ?? {};
  const of = whole.get(`${other}/${service}`);
  const endpoints = (of?.endpoints ?? []).filter((endpoint) =>
    Object.entries(labels).every(([key, value]) => endpoint.labels[key] === value),
  );
  const ports = spec.ports?.map(({ port }) => port) ?? of?.ports ?? null;
  return { id, namespace, resource, ports, endpoints, missingWorkers: [] };
}

function toEndpoint(
  given: ServiceEndpoint,
  namespace: string,
  workloads: ReadonlyMap<string, Workload>,
): Endpoint {
  if (given.worker === undefined) return toExternal(given, namespace);
  const { weight, entrypoint, version } = given;
  const worker = toWorkload(given.worker, namespace);
  const workload = workloads.get(worker)?.spec;
  return {
    id: `${worker}${entrypoint ? `#${entrypoint}` : ""}${version ? `@${version}` : ""}`,
    worker,
    ...(entrypoint ? { entrypoint } : {}),
    ...(isPlain(workload) ? { plain: true } : {}),
    weight,
    labels: { ...workload?.labels, ...given.labels },
    ...placeOf(given),
    ...(version ? { version: `${workload?.script ?? worker.split("/")[1]}="${version}"` } : {}),
  };
}

const placeOf = ({ priority, locality }: ServiceEndpoint): Pick<Endpoint, "rank" | "locality"> => ({
  ...(priority === undefined ? {} : { rank: priority }),
  ...(locality === undefined ? {} : { locality }),
});

const isPlain = (spec: WorkloadSpec | undefined): boolean =>
  spec !== undefined && (spec.plain ?? !spec.woven);

const toExternal = (given: ServiceEndpoint, namespace: string): Endpoint => ({
  id: given.name ? `${namespace}/${given.name}` : (given.url ?? ""),
  url: given.url ?? "",
  ...(given.identity ? { identity: given.identity } : {}),
  ...(given.answer ? { answer: given.answer } : {}),
  ...(given.answerer ? { answerer: given.answerer } : {}),
  weight: given.weight,
  labels: given.labels ?? {},
  ...placeOf(given),
});

/** The service's chunk without its routes. */
export function toServiceChunk(
  entry: ServiceEntry,
  defaults: Defaults,
  nowMs: number,
  balancing: BalancingSpec | undefined,
): Omit<ServiceChunk, keyof ServiceRoutes> {
  const spec = entry.resource?.spec;
  return {
    service: entry.id,
    ports: entry.ports,
    level: spec?.identity?.level ?? defaults.identity.level,
    ...spreadOf(entry, defaults.balance, nowMs, balancing),
    maxInFlight: spec?.bulkhead?.maxInFlight ?? defaults.bulkhead.maxInFlight,
  };
}

/** The level each Worker is asked for where it is not the default: the strongest of its services'. */
export function levelsOf(
  services: ReadonlyMap<string, ServiceEntry>,
  normal: IdentityLevel,
): Record<string, IdentityLevel> {
  const strongest = new Map<string, number>();
  for (const { endpoints, resource } of services.values()) {
    const rank = IDENTITY_LEVELS.indexOf(resource?.spec.identity?.level ?? normal);
    for (const { worker } of endpoints) {
      if (worker) strongest.set(worker, Math.max(rank, strongest.get(worker) ?? 0));
    }
  }
  const named = [...strongest].map(
    ([worker, rank]) => [worker, IDENTITY_LEVELS[rank] ?? normal] as const,
  );
  // Whom the relay speaks for it must know; and it refuses by itself what may not go through it.
  if (normal !== "session") named.push([RELAY_WORKLOAD, "session"]);
  return Object.fromEntries(named.filter(([, level]) => level !== normal));
}

/** The Workers whose answers are proved with their bodies, since one of their services says so. */
export function bodiedOf(services: ReadonlyMap<string, ServiceEntry>): Pick<Directory, "bodied"> {
  const bodied = [...services.values()]
    .filter(({ resource }) => resource?.spec.identity?.answerBody === true)
    .flatMap(({ endpoints }) => endpoints.flatMap(({ worker }) => worker ?? []));
  return bodied.length === 0 ? {} : { bodied: [...new Set(bodied)].toSorted() };
}

/** The number of a named port, or null. */
export const portNamed = (entry: ServiceEntry, name: string): number | null =>
  entry.resource?.spec.ports?.find((port) => port.name === name)?.port ?? null;
