// Owns how a table lies in KV: as one value, or past 8 MiB as one for each namespace, so that no isolate reads and keeps
// what is for others.
import type { StoredResource } from "../../mesh/contract/state.ts";
import { namespaceKey, TABLE_KEY } from "../../mesh/contract/table.ts";
import { GATEWAY_WORKLOAD, RELAY_WORKLOAD } from "../../mesh/contract/wiring.ts";
import type { TableKv } from "../control.ts";
import { sliceFor, toWorkloads } from "../issue/reach.ts";
import { indexTable } from "../issue/table-index.ts";
import { WORKLOAD_KIND } from "../resources/workload.ts";

/** Most bytes of a table that goes to isolates as a whole. */
export const MOST_OF_ONE = 8 * 1024 * 1024;

/**
 * Writes a table. Past 8 MiB the one value goes away, and last: who still finds it has an older table, and who finds none
 * reads that of its namespace.
 */
export async function putTable(
  kv: TableKv,
  bytes: Uint8Array,
  resources: readonly StoredResource[],
): Promise<void> {
  if (bytes.length <= MOST_OF_ONE) return kv.put(TABLE_KEY, bytes);
  const table = indexTable(bytes);
  const workloads = toWorkloads(resources.filter(({ kind }) => kind === WORKLOAD_KIND));
  const byNamespace = Map.groupBy(
    [...workloads.keys(), GATEWAY_WORKLOAD, RELAY_WORKLOAD],
    (workload) => workload.slice(0, workload.indexOf("/")),
  );
  for (const [namespace, members] of byNamespace)
    await kv.put(namespaceKey(namespace), sliceFor(members, table, workloads));
  await kv.delete(TABLE_KEY);
}
