// Owns the registered Workers: stored like resources, of an internal kind.
import type { ResourceWrite, StoredResource } from "../../mesh/contract/state.ts";
import type { Control } from "../control.ts";
import { WORKLOAD_API, WORKLOAD_KIND, type WorkloadRecord, type WorkloadSpec } from "./workload.ts";

/** The registered Workers. */
export async function listWorkloads({ store }: Control): Promise<WorkloadRecord[]> {
  const stored = await store.list(WORKLOAD_KIND);
  return stored.map((resource) => ({
    workload: idOf(resource),
    ...(resource.spec as unknown as WorkloadSpec),
  }));
}

/** Registrations as writes; with `isAll`, every other Worker is no longer one. */
export async function toRegistrations(
  { store }: Control,
  records: readonly WorkloadRecord[],
  isAll: boolean,
): Promise<ResourceWrite[]> {
  const puts = records.map(({ workload, ...spec }): ResourceWrite => write("put", workload, spec));
  if (!isAll) return puts;
  const named = new Set(records.map(({ workload }) => workload));
  const gone = (await store.list(WORKLOAD_KIND)).map(idOf).filter((id) => !named.has(id));
  return [...puts, ...gone.map((id) => write("delete", id))];
}

const idOf = ({ metadata }: StoredResource): string => `${metadata.namespace}/${metadata.name}`;

function write(op: "put" | "delete", workload: string, spec?: WorkloadSpec): ResourceWrite {
  const [namespace = "", name = ""] = workload.split("/");
  const address = { op, apiVersion: WORKLOAD_API, kind: WORKLOAD_KIND, namespace, name };
  return spec ? { ...address, spec } : address;
}
