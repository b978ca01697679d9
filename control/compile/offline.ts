// Owns what the compiler is given where there is no store: parsed resources and Workers as if they had been stored.
import type { Resource } from "../../mesh/contract/resources/parse.ts";
import type { StoredResource } from "../../mesh/contract/state.ts";
import { WORKLOAD_API, WORKLOAD_KIND } from "../resources/workload.ts";

/** One Worker of a project. */
export interface OfflineWorker {
  /** `namespace/name`. */
  readonly workload: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Services its bindings name, `namespace/name`. */
  readonly dials: readonly string[];
}

/** Every resource is as old as the others: ties are decided by name. */
const FIRST = {
  generation: 1,
  resourceVersion: "",
  creationTimestamp: new Date(0).toISOString(),
  uid: "",
};

/** A parsed resource as a stored one. */
export const storedOf = ({
  kind,
  apiVersion,
  name,
  namespace,
  labels,
  annotations,
  spec,
}: Resource): StoredResource => ({
  apiVersion,
  kind: kind.kind,
  metadata: {
    ...FIRST,
    name,
    namespace,
    ...(labels ? { labels } : {}),
    ...(annotations ? { annotations } : {}),
  },
  spec,
});

/** A Worker as a registered one, woven and bound to nothing yet. */
export function storedWorker({ workload, labels, dials }: OfflineWorker): StoredResource {
  const [namespace = "", name = ""] = workload.split("/");
  return {
    apiVersion: WORKLOAD_API,
    kind: WORKLOAD_KIND,
    metadata: { ...FIRST, namespace, name },
    spec: { labels, woven: true, entrypoints: [], bound: [], dials, edge: false },
  };
}
