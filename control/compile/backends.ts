// Owns what a backendRef leads to: a service it may point at, or why its share of calls is answered 500.
import type { HTTPBackendRef } from "../../mesh/contract/resources/http-route.ts";
import { GATEWAY_GROUP } from "../../mesh/contract/resources/meta.ts";
import type { Backend } from "../../mesh/contract/rule.ts";
import type { Inventory, Known } from "./inventory.ts";

/** Why a reference does not resolve, in the words of the Gateway API. */
export interface RefProblem {
  readonly reason: "InvalidKind" | "BackendNotFound" | "RefNotPermitted" | "FilterNotFound";
  readonly message: string;
}

export interface ResolvedBackend {
  readonly backend: Backend;
  readonly problem: RefProblem | null;
}

/** What kind of parent the rules hang on; routes of a mesh service need no grant (GEP-1294): they open nothing new. */
export type Side = "gateway" | "service";

/** A reference to a backend with its share of calls. */
export type BackendRef = Pick<
  HTTPBackendRef,
  "group" | "kind" | "name" | "namespace" | "port" | "weight"
>;

/** Resolves one backendRef of a route. */
export function resolveBackend(
  ref: BackendRef,
  route: Known<unknown>,
  side: Side,
  inventory: Inventory,
): ResolvedBackend {
  const { namespace } = route;
  const target = { namespace: ref.namespace ?? namespace, name: ref.name };
  const backend = {
    service: `${target.namespace}/${target.name}`,
    port: ref.port ?? null,
    weight: ref.weight,
  };
  const isForeign = side === "gateway" && target.namespace !== namespace;
  const mayPoint = !isForeign || isGranted(target, route, inventory);
  const problem = refProblem(ref, target, inventory, mayPoint ? null : route);
  return { backend: problem ? { ...backend, invalid: true } : backend, problem };
}

function refProblem(
  ref: BackendRef,
  target: { readonly namespace: string; readonly name: string },
  inventory: Inventory,
  refused: Known<unknown> | null,
): RefProblem | null {
  if (ref.group !== "" || ref.kind !== "Service") {
    return {
      reason: "InvalidKind",
      message: `${ref.group || "core"}/${ref.kind} is not a kind of backend.`,
    };
  }
  if (refused !== null) {
    const message = `No ReferenceGrant in ${target.namespace} lets ${refused.stored.kind}s of ${refused.namespace} use Service ${target.name}.`;
    return { reason: "RefNotPermitted", message };
  }
  const id = `${target.namespace}/${target.name}`;
  const service = inventory.services.get(id);
  if (!service) return { reason: "BackendNotFound", message: `Service ${id} does not exist.` };
  const hasPort =
    service.ports === null || ref.port === undefined || service.ports.includes(ref.port);
  if (hasPort) return null;
  return { reason: "BackendNotFound", message: `Service ${id} has no port ${ref.port}.` };
}

const isGranted = (
  target: { readonly namespace: string; readonly name: string },
  from: Known<unknown>,
  inventory: Inventory,
): boolean =>
  inventory.grants.some(
    ({ namespace, spec }) =>
      namespace === target.namespace &&
      spec.from.some(
        (source) =>
          source.group === GATEWAY_GROUP &&
          source.kind === from.stored.kind &&
          source.namespace === from.namespace,
      ) &&
      spec.to.some(
        (to) => to.group === "" && to.kind === "Service" && (!to.name || to.name === target.name),
      ),
  );
