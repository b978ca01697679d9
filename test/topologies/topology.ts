// Owns the shape of a topology (schema meshtopo/1): which services there are and who calls whom, how often.
import { readFileSync } from "node:fs";

export interface Topology {
  readonly schema: string;
  readonly name: string;
  readonly services: readonly Service[];
  readonly endpoints: readonly Endpoint[];
  readonly entry: readonly Entry[];
}

export interface Service {
  readonly name: string;
  /** Weight by version; absent: one version. */
  readonly versions?: Readonly<Record<string, number>>;
}

export interface Endpoint {
  readonly service: string;
  /** `METHOD /path/{id}`, or the bare name of an operation. */
  readonly name: string;
  readonly calls: readonly Call[];
  /** Stages whose calls run at the same time. */
  readonly parallel_stages?: readonly number[];
}

export interface Call {
  readonly to: string;
  readonly endpoint: string;
  readonly count?: number;
  /** Stages run one after the other. */
  readonly stage?: number;
  readonly probability?: number;
  readonly per_version?: Readonly<Record<string, number>>;
  readonly timeout_ms?: number;
  readonly timeout_ms_per_version?: Readonly<Record<string, number>>;
  /** Further tries by the caller's own code. */
  readonly app_retries?: number;
  /** Absent is `fail`. */
  readonly on_error?: "fail" | "degrade" | "ignore";
}

/** One thing a user does, with its share of all. */
export interface Entry {
  readonly name: string;
  readonly weight: number;
  readonly requests: readonly { readonly service: string; readonly endpoint: string }[];
}

/** Reads a topology; throws when the file is of another schema or calls what it does not describe. */
export function readTopology(file: string): Topology {
  const topology = JSON.parse(readFileSync(file, "utf8")) as Topology;
  if (topology.schema !== "meshtopo/1") throw new Error(`${file}: schema ${topology.schema}`);
  for (const { calls } of topology.endpoints) {
    for (const call of calls) endpointOf(topology, call.to, call.endpoint);
  }
  return topology;
}

/** The described endpoint of a service. */
export function endpointOf(topology: Topology, service: string, name: string): Endpoint {
  const found = topology.endpoints.find((one) => one.service === service && one.name === name);
  if (found === undefined) throw new Error(`${topology.name}: no endpoint ${service} ${name}`);
  return found;
}

/** Method and path of an endpoint; an operation without a path is a POST to its name. */
export function lineOf(name: string): { readonly method: string; readonly path: string } {
  const line = /^(GET|HEAD|POST|PUT|PATCH|DELETE) (\/\S*)$/.exec(name);
  if (line === null) return { method: "POST", path: `/${encodeURIComponent(name)}` };
  return { method: line[1] ?? "GET", path: (line[2] ?? "/").replaceAll(/\{[^}]*\}/g, "1") };
}

/** By `from>to`, how many calls one run of an endpoint makes on average, its own callees' calls included. */
export function meanCalls(
  topology: Topology,
  service: string,
  name: string,
): ReadonlyMap<string, number> {
  const means = new Map<string, number>();
  const add = (edge: string, mean: number): void =>
    void means.set(edge, (means.get(edge) ?? 0) + mean);
  for (const call of endpointOf(topology, service, name).calls) {
    const mean = (call.count ?? 1) * meanProbability(topology, service, call);
    add(`${service}>${call.to}`, mean);
    for (const [edge, inner] of meanCalls(topology, call.to, call.endpoint))
      add(edge, inner * mean);
  }
  return means;
}

function meanProbability(topology: Topology, service: string, call: Call): number {
  const versions = topology.services.find((one) => one.name === service)?.versions;
  if (call.per_version === undefined || versions === undefined) return call.probability ?? 1;
  const total = Object.values(versions).reduce((sum, weight) => sum + weight, 0);
  const shares = Object.entries(versions).map(
    ([version, weight]) => (weight / total) * (call.per_version?.[version] ?? 1),
  );
  return shares.reduce((sum, share) => sum + share, 0);
}
