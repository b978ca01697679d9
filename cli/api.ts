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

export const versionOfControl = async (
  target: ControlTarget,
): Promise<{ readonly version: string; readonly mesh: string; readonly table: number }> =>
  await askControl(target, "GET", "/v1/version");
