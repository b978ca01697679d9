// Owns the Services nobody wrote: each registered Worker is one under its own name, unless a Service says otherwise.
import { HEDDLE_API } from "../../mesh/contract/resources/meta.ts";
import { SYSTEM_NAMESPACE } from "../../mesh/contract/wiring.ts";
import type { StoredResource } from "../../mesh/contract/state.ts";
import type { Control } from "../control.ts";
import { WORKLOAD_KIND } from "./workload.ts";

/** A Service as it is read back; it has no version or generation of its own, since it cannot be changed. */
export type ImpliedService = Omit<StoredResource, "metadata"> & {
  readonly metadata: Pick<StoredResource["metadata"], "name" | "namespace" | "creationTimestamp">;
};

/** Implied Services of a namespace (absent: all); `written` are the Services that say otherwise. */
export async function impliedServices(
  { store }: Control,
  written: readonly StoredResource[],
  namespace: string | undefined,
): Promise<ImpliedService[]> {
  const taken = new Set(written.map(idOf));
  const workers = await store.list(WORKLOAD_KIND, namespace);
  return workers
    .filter((worker) => worker.metadata.namespace !== SYSTEM_NAMESPACE && !taken.has(idOf(worker)))
    .map(toService);
}

const idOf = ({ metadata }: StoredResource): string => `${metadata.namespace}/${metadata.name}`;

function toService({ metadata }: StoredResource): ImpliedService {
  const { name, namespace, creationTimestamp } = metadata;
  const accepted = {
    type: "Accepted",
    status: "True",
    reason: "ImpliedByWorker",
    message:
      "The registered Worker of this name is the service; no Service resource says otherwise.",
    observedGeneration: 0,
    lastTransitionTime: creationTimestamp,
  };
  return {
    apiVersion: HEDDLE_API,
    kind: "Service",
    metadata: { name, namespace, creationTimestamp },
    spec: { endpoints: [{ worker: name }] },
    status: { conditions: [accepted] },
  };
}
