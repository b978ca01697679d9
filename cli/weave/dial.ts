// Owns what a Worker's service bindings dial: `reviews`, `reviews.other`, `endpoint:echo-v2.infra`, or nothing of ours.
import type { Dialled } from "../../mesh/contract/wiring.ts";
import type { ServiceBindingConfig } from "../project/wrangler-config.ts";

/** Which names belong to the mesh. */
export interface Names {
  /** `namespace/name` of every service known. */
  readonly services: ReadonlySet<string>;
  /** Workloads by the name they are deployed under, where that is not the service's name (environments). */
  readonly scripts: ReadonlyMap<string, string>;
  /** Every name is taken for a service: it may be applied later (dev). */
  readonly isOpen: boolean;
}

/** A service binding into the mesh. */
export interface Dial {
  readonly binding: string;
  readonly dialled: Dialled;
  /** Props the user's wrangler file puts on the binding. */
  readonly props: Readonly<Record<string, unknown>> | null;
}

/** A Worker's service bindings, parted. */
export interface Dials {
  readonly dials: readonly Dial[];
  /** Bindings to Workers outside the mesh, left as they are. */
  readonly outside: readonly ServiceBindingConfig[];
}

/** Parts the service bindings of a Worker of `namespace` into those that dial the mesh and the others. */
export function sortBindings(
  bindings: readonly ServiceBindingConfig[],
  namespace: string,
  names: Names,
): Dials {
  const dials: Dial[] = [];
  const outside: ServiceBindingConfig[] = [];
  for (const binding of bindings) {
    const dialled = toDialled(binding, namespace, names);
    if (dialled === null) outside.push(binding);
    else dials.push({ binding: binding.binding, dialled, props: binding.props ?? null });
  }
  return { dials, outside };
}

const ENDPOINT_PREFIX = "endpoint:";

function toDialled(binding: ServiceBindingConfig, namespace: string, names: Names): Dialled | null {
  const { service } = binding;
  const entrypoint = binding.entrypoint ?? null;
  if (service.startsWith(ENDPOINT_PREFIX)) {
    const endpoint = qualify(service.slice(ENDPOINT_PREFIX.length), namespace);
    return { service: "", entrypoint, endpoint };
  }
  const qualified = qualify(service, namespace);
  if (service.includes(".") || names.services.has(qualified)) {
    return { service: qualified, entrypoint };
  }
  const deployed = names.scripts.get(service);
  if (deployed !== undefined) return { service: deployed, entrypoint };
  return names.isOpen ? { service: qualified, entrypoint } : null;
}

/** `name` or `name.namespace` as `namespace/name`. */
function qualify(name: string, namespace: string): string {
  const dot = name.indexOf(".");
  return dot < 0 ? `${namespace}/${name}` : `${name.slice(dot + 1)}/${name.slice(0, dot)}`;
}
