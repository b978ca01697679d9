// Owns what one workload may need of the table and whom it may call: the slice and the keys it is given.
import type { StoredResource } from "../../mesh/contract/state.ts";
import { POLICY_CHUNK } from "../../mesh/contract/policy.ts";
import { TRUST_CHUNK } from "../../mesh/contract/trust.ts";
import { GATEWAY_WORKLOAD, RELAY_WORKLOAD } from "../../mesh/contract/wiring.ts";
import { writeSlice } from "../../mesh/identity/table-frame.ts";
import { boundId } from "../compile/reach.ts";
import type { WorkloadSpec } from "../resources/workload.ts";
import { type TableIndex, routedTo } from "./table-index.ts";

/** Registered Workers by `namespace/name`. */
export type Workloads = ReadonlyMap<string, WorkloadSpec>;

/** Registered Workers as they are stored. */
export const toWorkloads = (stored: readonly StoredResource[]): Workloads =>
  new Map(
    stored.map(({ metadata: { namespace, name }, spec }) => [
      `${namespace}/${name}`,
      spec as unknown as WorkloadSpec,
    ]),
  );

/** Services a workload may call or is; null: any of them. */
export function reachableServices(
  workload: string,
  table: TableIndex,
  workloads: Workloads,
): ReadonlySet<string> | null {
  const spec = workloads.get(workload);
  const entersAnywhere = workload === GATEWAY_WORKLOAD || workload === RELAY_WORKLOAD;
  if (entersAnywhere || !spec || spec.edge) return null;
  const services = table.services();
  const namespace = workload.slice(0, workload.indexOf("/"));
  const bound = new Set(spec.bound);
  const found = new Set<string>();
  const queue = [...spec.dials];
  for (const { service, endpoints } of services.values()) {
    const isOurs = endpoints.some((one) => one.worker === workload || bound.has(boundId(one)));
    if (isOurs) queue.push(service);
  }
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const service = services.get(name);
    if (!service || found.has(name)) continue;
    found.add(name);
    queue.push(...routedTo(service, namespace));
  }
  return found;
}

/** The part of the table that these workloads may need; the whole of it where that is all. */
export function sliceFor(
  members: readonly string[],
  table: TableIndex,
  workloads: Workloads,
): Uint8Array {
  const wanted = new Set<string>();
  for (const workload of members) {
    const services = reachableServices(workload, table, workloads);
    if (services === null) return table.bytes;
    for (const service of services) wanted.add(`service:${service}`);
    for (const id of [`${POLICY_CHUNK}${workload}`, ...trustOf(services, table)]) wanted.add(id);
  }
  const chunks = [...wanted].toSorted().flatMap((id) => {
    const bytes = table.chunk(id);
    return bytes ? [{ id, bytes }] : [];
  });
  return writeSlice(table.directoryBytes, table.signature, chunks);
}

/** Who is believed is the business of whoever wants proved answers. */
const trustOf = (services: ReadonlySet<string>, table: TableIndex): string[] =>
  [...services].some((name) =>
    table
      .services()
      .get(name)
      ?.endpoints.some(({ answer }) => answer),
  )
    ? [TRUST_CHUNK]
    : [];

/** Workloads behind the services a workload may call, and the relay. */
export function upstreamsOf(workload: string, table: TableIndex, workloads: Workloads): string[] {
  const services = reachableServices(workload, table, workloads);
  const found = new Set([RELAY_WORKLOAD]);
  for (const [name, { endpoints }] of table.services()) {
    if (services && !services.has(name)) continue;
    for (const { worker } of endpoints) if (worker) found.add(worker);
  }
  return [...found].toSorted();
}
