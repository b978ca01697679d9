// Owns which parents a route attaches to: listeners of Gateways (north-south) and Services (mesh), or why not.
import type { HTTPRouteSpec } from "../../mesh/contract/resources/http-route.ts";
import { GATEWAY_GROUP } from "../../mesh/contract/resources/meta.ts";
import type { ParentRef } from "../../mesh/contract/resources/reference.ts";
import type { Side } from "./backends.ts";
import { commonHosts } from "./hostnames.ts";
import type { Inventory, Known } from "./inventory.ts";
import { type ListenerVerdict, allowsKind, judgeListeners } from "./listeners.ts";
import { judgeSets } from "./listener-sets.ts";
import { allowsNamespace } from "./selector.ts";
import { portNamed } from "./services.ts";

/** Where a route hangs on one of its parents. */
export type Attachment =
  | {
      readonly to: "gateway";
      readonly gateway: string;
      readonly listener: string;
      readonly hosts: readonly string[];
    }
  | { readonly to: "service"; readonly service: string; readonly port: number | null };

/** One parentRef with what came of it. */
export interface Attached {
  readonly parentRef: ParentRef;
  readonly attachments: readonly Attachment[];
  /** Reason of `Accepted=False`; null when accepted. */
  readonly refusal: { readonly reason: string; readonly message: string } | null;
}

/** Attaches a route to each of its parents. */
export function attachRoute(route: Known<HTTPRouteSpec>, inventory: Inventory): Attached[] {
  return (route.spec.parentRefs ?? []).map((parentRef) => {
    if (parentRef.group === GATEWAY_GROUP && parentRef.kind === "Gateway") {
      return toGateway(parentRef, route, inventory);
    }
    if (parentRef.group === GATEWAY_GROUP && parentRef.kind === "ListenerSet")
      return toListenerSet(parentRef, route, inventory);
    if (parentRef.group === "" && parentRef.kind === "Service")
      return toService(parentRef, route, inventory);
    const kind = `${parentRef.group || "core"}/${parentRef.kind}`;
    return refuse(
      parentRef,
      "NoMatchingParent",
      `${kind} is not a kind of parent; use a Gateway, a ListenerSet or a Service.`,
    );
  });
}

/** The kind of parent a reference names; what is neither counts as a Gateway. */
export const sideOf = ({ parentRef }: Attached): Side =>
  parentRef.group === "" && parentRef.kind === "Service" ? "service" : "gateway";

function toService(
  parentRef: ParentRef,
  route: Known<HTTPRouteSpec>,
  inventory: Inventory,
): Attached {
  const id = `${parentRef.namespace ?? route.namespace}/${parentRef.name}`;
  const service = inventory.services.get(id);
  if (!service) return refuse(parentRef, "NoMatchingParent", `Service ${id} does not exist.`);
  const named =
    parentRef.sectionName === undefined ? null : portNamed(service, parentRef.sectionName);
  const port = parentRef.port ?? named;
  const isNamedPort = parentRef.sectionName === undefined || (named !== null && named === port);
  const hasPort = port === null || service.ports === null || service.ports.includes(port);
  if (!isNamedPort || !hasPort) {
    return refuse(
      parentRef,
      "NoMatchingParent",
      `Service ${id} has no port ${parentRef.sectionName ?? port}.`,
    );
  }
  return { parentRef, attachments: [{ to: "service", service: id, port }], refusal: null };
}

function toGateway(
  parentRef: ParentRef,
  route: Known<HTTPRouteSpec>,
  inventory: Inventory,
): Attached {
  const id = `${parentRef.namespace ?? route.namespace}/${parentRef.name}`;
  const gateway = inventory.gateways.find((candidate) => candidate.id === id);
  if (!gateway) return refuse(parentRef, "NoMatchingParent", `Gateway ${id} does not exist.`);
  const { namespace } = gateway;
  const parent = { name: `Gateway ${id}`, gateway: id, namespace };
  return toListeners(
    parentRef,
    route,
    { ...parent, listeners: judgeListeners(gateway) },
    inventory,
  );
}

function toListenerSet(
  parentRef: ParentRef,
  route: Known<HTTPRouteSpec>,
  inventory: Inventory,
): Attached {
  const id = `${parentRef.namespace ?? route.namespace}/${parentRef.name}`;
  const verdict = judgeSets(inventory).get(id);
  if (!verdict) return refuse(parentRef, "NoMatchingParent", `ListenerSet ${id} does not exist.`);
  const { gateway, refusal, listeners, set } = verdict;
  if (gateway === null) {
    const message = `ListenerSet ${id} joins no Gateway: ${refusal?.message ?? ""}`;
    return refuse(parentRef, "NoMatchingParent", message);
  }
  const parent = { name: `ListenerSet ${id}`, gateway, namespace: set.namespace, listeners };
  return toListeners(parentRef, route, parent, inventory);
}

/** What has listeners a route can hang on. */
interface ListenerParent {
  /** Kind and `namespace/name`, for messages. */
  readonly name: string;
  /** The Gateway that serves the listeners. */
  readonly gateway: string;
  readonly namespace: string;
  readonly listeners: readonly ListenerVerdict[];
}

function toListeners(
  parentRef: ParentRef,
  route: Known<HTTPRouteSpec>,
  { name, gateway, namespace, listeners }: ListenerParent,
  inventory: Inventory,
): Attached {
  const named = listeners.filter(
    ({ listener }) =>
      (parentRef.sectionName === undefined || listener.name === parentRef.sectionName) &&
      (parentRef.port === undefined || listener.port === parentRef.port),
  );
  if (named.length === 0) {
    return refuse(parentRef, "NoMatchingParent", `${name} has no listener of this name and port.`);
  }
  const allowed = named.filter(
    ({ listener, refusal }) =>
      refusal === null &&
      allowsKind(listener, route.stored.kind) &&
      allowsNamespace(listener.allowedRoutes.namespaces, namespace, route.namespace, inventory),
  );
  if (allowed.length === 0) {
    return refuse(
      parentRef,
      "NotAllowedByListeners",
      `No listener of ${name} allows ${route.stored.kind}s of ${route.namespace}.`,
    );
  }
  const attachments = allowed.flatMap(({ listener, name: entry }): Attachment[] => {
    const hosts = commonHosts(listener.hostname ?? "*", route.spec.hostnames ?? []);
    return hosts.length > 0 ? [{ to: "gateway", gateway, listener: entry, hosts }] : [];
  });
  if (attachments.length > 0) return { parentRef, attachments, refusal: null };
  return refuse(
    parentRef,
    "NoMatchingListenerHostname",
    `No listener of ${name} has a hostname in common with the route.`,
  );
}

const refuse = (parentRef: ParentRef, reason: string, message: string): Attached => ({
  parentRef,
  attachments: [],
  refusal: { reason, message },
});
