// Owns control's REST API as the CLI sees it: one function per request, and the shape of its answer.
import type { StoredResource, WriteVerdict } from "../mesh/contract/state.ts";
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
  /** Table version that carries the change; null where the table stays as it is. */
  readonly version: number | null;
}

/** How far a table version has come. */
export interface Convergence {
  readonly version: number;
  /** Acknowledged by every isolate that synced since, and the lease has passed for the rest. */
  readonly inUse: boolean;
  readonly leaseMs: number;
  readonly waitingFor: readonly { readonly workload: string; readonly isolate: string; readonly version: number }[];
}

export const applyDocuments = async (
  target: ControlTarget,
  documents: readonly unknown[],
  dryRun: boolean,
): Promise<WriteAnswer> => await askControl(target, "POST", "/v1/apply", { documents, dryRun });

export const deleteRefs = async (target: ControlTarget, refs: readonly Ref[]): Promise<WriteAnswer> =>
  await askControl(target, "POST", "/v1/delete", { refs });

export const convergenceOf = async (target: ControlTarget, version: number): Promise<Convergence> =>
  await askControl(target, "GET", `/v1/convergence?version=${version}`);

/** All resources of a kind: of one namespace, or of all where none is given. */
export async function listResources(
  target: ControlTarget,
  kind: string,
  namespace: string | undefined,
): Promise<readonly StoredResource[]> {
  const query = namespace === undefined ? "" : `?namespace=${encodeURIComponent(namespace)}`;
  const list = await askControl<{ items: readonly StoredResource[] }>(target, "GET", `/v1/resources/${kind}${query}`);
  return list.items;
}

export const getResource = async (target: ControlTarget, ref: Ref): Promise<StoredResource> =>
  await askControl(target, "GET", `/v1/resources/${ref.kind}/${ref.namespace ?? "-"}/${ref.name}`);

export const versionOfControl = async (target: ControlTarget): Promise<{ readonly version: string }> =>
  await askControl(target, "GET", "/v1/version");
