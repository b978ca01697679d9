// Owns control's REST API as the CLI sees it: one function per request, and the shape of its answer.
import type { IsolateSeen, StoredResource, WriteVerdict } from "../mesh/contract/state.ts";
import { askControl, type ControlTarget } from "./client.ts";

/** One resource named. */
export interface Ref {
  readonly kind: string;
  /** Absent for a kind that lives in no namespace. */
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** What became of one resource. */
export interface WriteOutcome extends Ref {
  readonly verdict: WriteVerdict;
}

/** Answer of apply and delete. */
export interface WriteAnswer {
  readonly results: readonly WriteOutcome[];
  /** Table version that carries the change; null for a dry run. */
  readonly version: number | null;
  /** Conditions of the resources that do not hold, and what else an operator should know. */
  readonly warnings: readonly string[];
}

/** How far a table version has come. */
export interface Convergence {
  readonly version: number;
  /** Acknowledged by every isolate that synced since, or the lease has passed for the rest. */
  readonly inUse: boolean;
  readonly leaseMs: number;
  /** Isolates known to use it, or a later one. */
  readonly acknowledged: readonly IsolateSeen[];
  /** Isolates that may still decide by an older table. */
  readonly pending: readonly IsolateSeen[];
}

/** Counts of one kind over some time; durations in ms, null where nothing was timed. */
export interface Golden {
  readonly count: number;
  readonly errors: number;
  readonly retries: number;
  /** 0 to 1. */
  readonly success: number;
  readonly perSecond: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly outcomes: Readonly<Record<string, number>>;
}

/** What a caller saw, what endpoints did, and what was refused on either side, by reason. */
interface Counted {
  readonly effective: Golden | null;
  readonly actual: Golden | null;
  readonly refusals: Readonly<Record<string, number>>;
  readonly inbound: Readonly<Record<string, number>>;
}

/** One caller's calls to one destination. */
export interface Edge extends Counted {
  readonly source: string;
  readonly destination: string;
  readonly routes: readonly (Golden & { readonly route: string })[];
  readonly endpoints: readonly (Golden & { readonly route: string; readonly endpoint: string })[];
}

/** Golden signals by service and edge. */
export interface Stat {
  readonly windowMs: number | null;
  readonly services: readonly (Counted & { readonly service: string })[];
  readonly edges: readonly Edge[];
}

/** Of these services (none: all), over a duration or `ever`. */
export async function statOf(
  target: ControlTarget,
  services: readonly string[],
  window: string,
): Promise<Stat> {
  const query = new URLSearchParams({
    window,
    ...(services.length === 0 ? {} : { service: services.join(",") }),
  });
  return await askControl(target, "GET", `/v1/stat?${query.toString()}`);
}

export const applyDocuments = async (
  target: ControlTarget,
  documents: readonly unknown[],
  dryRun: boolean,
): Promise<WriteAnswer> => await askControl(target, "POST", "/v1/apply", { documents, dryRun });

export const deleteRefs = async (
  target: ControlTarget,
  refs: readonly Ref[],
): Promise<WriteAnswer> => await askControl(target, "POST", "/v1/delete", { refs });

export const convergenceOf = async (target: ControlTarget, version: number): Promise<Convergence> =>
  await askControl(target, "GET", `/v1/convergence?version=${version}`);

/** All resources; of one kind, and of one namespace, where those are given. */
export async function listResources(
  target: ControlTarget,
  kind?: string,
  namespace?: string,
): Promise<readonly StoredResource[]> {
  const query = new URLSearchParams({
    ...(kind === undefined ? {} : { kind }),
    ...(namespace === undefined ? {} : { namespace }),
  });
  const list = await askControl<{ readonly items: readonly StoredResource[] }>(
    target,
    "GET",
    `/v1/resources?${query.toString()}`,
  );
  return list.items;
}

export const getResource = async (target: ControlTarget, ref: Ref): Promise<StoredResource> =>
  await askControl(
    target,
    "GET",
    `/v1/resources/${[ref.kind, ref.namespace ?? NO_NAMESPACE, ref.name].map(encodeURIComponent).join("/")}`,
  );

/** In the path of a kind that lives in no namespace. */
const NO_NAMESPACE = "_";

/** One circuit; times in ms. */
export interface Circuit {
  readonly service: string;
  readonly endpoint: string;
  readonly scope: string;
  readonly state: "closed" | "open" | "half_open" | "isolated";
  readonly generation: number;
  readonly probeInMs: number;
  readonly changedMs: number;
}

interface Circuits {
  readonly circuits: readonly Circuit[];
}

export const listCircuits = async (target: ControlTarget): Promise<readonly Circuit[]> =>
  (await askControl<Circuits>(target, "GET", "/v1/breakers")).circuits;

/** Trips or resets circuits of a service; answers them as they stand. */
export const steerCircuits = async (
  target: ControlTarget,
  steer: {
    readonly action: "trip" | "reset";
    readonly service: string;
    readonly endpoint?: string;
    readonly scope?: string;
  },
): Promise<readonly Circuit[]> =>
  (await askControl<Circuits>(target, "POST", "/v1/breakers", steer)).circuits;

export const versionOfControl = async (
  target: ControlTarget,
): Promise<{ readonly version: string; readonly mesh: string; readonly table: number }> =>
  await askControl(target, "GET", "/v1/version");
