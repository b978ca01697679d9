// Owns whether a route's callers can get to its endpoints: bound themselves, through the relay, or not at all.
import { GATEWAY_WORKLOAD, RELAY_WORKLOAD, SYSTEM_NAMESPACE } from "../../mesh/contract/wiring.ts";
import type { Endpoint } from "../../mesh/contract/service.ts";
import type { Attached } from "./attach.ts";
import type { Inventory, Workload } from "./inventory.ts";
import { type CompiledRoute, targetsOf } from "./rules.ts";

/** The condition `Programmed` of one parent. */
export interface Reach {
  readonly status: "True" | "False" | "Unknown";
  readonly reason: "Programmed" | "ViaRelay" | "NotBound" | "Pending" | "Invalid";
  readonly message: string;
}

/** Judges one accepted or refused parent of a route. */
export type ReachJudge = (attached: Attached, namespace: string, route: CompiledRoute) => Reach;

/** A judge for one inventory; who calls a service is looked up once. */
export function createReachJudge(inventory: Inventory): ReachJudge {
  const known = new Map<string, readonly Workload[]>();
  const callersOf: CallersOf = (service, namespace) => {
    const key = `${service} ${namespace}`;
    const callers = known.get(key) ?? findCallers(service, namespace, inventory);
    known.set(key, callers);
    return callers;
  };
  return (attached, namespace, route) => judge(attached, namespace, route, inventory, callersOf);
}

type CallersOf = (service: string, namespace: string) => readonly Workload[];

function judge(
  attached: Attached,
  namespace: string,
  route: CompiledRoute,
  inventory: Inventory,
  callersOf: CallersOf,
): Reach {
  if (attached.refusal) return said("False", "Invalid", "The parent does not accept the route.");
  const callers = sendersOf(attached, namespace, inventory, callersOf);
  if (callers === null) return said("Unknown", "Pending", "The gateway is not registered yet.");
  const needed = neededEndpoints(route, inventory);
  const relay = inventory.workloads.get(RELAY_WORKLOAD)?.bound ?? new Set<string>();
  const lacking = callers.flatMap((caller) =>
    needed
      .filter((endpoint) => !reaches(caller, endpoint))
      .map((endpoint) => ({ caller: caller.id, endpoint })),
  );
  const cut = lacking.find(({ endpoint }) => !relay.has(endpoint));
  if (cut) {
    return said(
      "False",
      "NotBound",
      `Neither ${cut.caller} nor the relay is bound to ${cut.endpoint}; deploy the relay again.`,
    );
  }
  const [first] = lacking;
  if (first)
    return said(
      "True",
      "ViaRelay",
      `${first.caller} reaches ${first.endpoint} through the relay until its next deploy.`,
    );
  return said("True", "Programmed", "The route is in the published table.");
}

const said = (status: Reach["status"], reason: Reach["reason"], message: string): Reach => ({
  status,
  reason,
  message,
});

const reaches = (caller: Workload, endpoint: string): boolean =>
  caller.spec.woven && caller.bound.has(endpoint);

/** Who sends requests by this parent; null: nobody who could is registered. */
function sendersOf(
  { attachments }: Attached,
  namespace: string,
  inventory: Inventory,
  callersOf: CallersOf,
): readonly Workload[] | null {
  const services = attachments.flatMap((at) => (at.to === "service" ? [at.service] : []));
  if (services.length > 0) return services.flatMap((service) => callersOf(service, namespace));
  const gateway = inventory.workloads.get(GATEWAY_WORKLOAD);
  return gateway ? [gateway] : null;
}

/** Who calls a service by a route of this namespace; a consumer route is for callers of its own. */
function findCallers(id: string, namespace: string, inventory: Inventory): Workload[] {
  const service = inventory.services.get(id);
  const isConsumerRoute = service?.namespace !== namespace;
  const endpoints = service?.endpoints ?? [];
  return [...inventory.workloads.values()].filter((workload) => {
    if (workload.namespace === SYSTEM_NAMESPACE) return false;
    if (isConsumerRoute && workload.namespace !== namespace) return false;
    return (
      workload.spec.dials.includes(id) ||
      endpoints.some((endpoint) => workload.bound.has(boundId(endpoint)))
    );
  });
}

/** Bindings know nothing of versions. */
export const boundId = ({ id, version }: Endpoint): string =>
  version === undefined ? id : id.slice(0, id.lastIndexOf("@"));

/** Endpoints behind a binding that the route's backends can name. */
const neededEndpoints = (route: CompiledRoute, inventory: Inventory): string[] => {
  const backends = route.rules.flatMap(({ rule }) => targetsOf(rule));
  const services = backends
    .filter(({ weight, invalid }) => weight > 0 && !invalid)
    .map(({ service }) => service);
  const endpoints = [...new Set(services)].flatMap(
    (id) => inventory.services.get(id)?.endpoints ?? [],
  );
  return [...new Set(endpoints.filter(({ worker }) => worker !== undefined).map(boundId))];
};
