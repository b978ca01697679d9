// The rule that a route leads from somewhere: at least one of its parents exists, or comes with the same batch.
import { fieldError } from "../../mesh/contract/resources/field-error.ts";
import type { HTTPRouteSpec } from "../../mesh/contract/resources/http-route.ts";
import type { StoredResource } from "../../mesh/contract/state.ts";
import { nearest } from "../../mesh/contract/resources/nearest.ts";
import { WORKLOAD_KIND } from "../resources/workload.ts";
import { ROUTE_KINDS } from "../compile/listeners.ts";
import { RPC_KIND } from "../compile/rpc-routes.ts";
import type { Rule } from "./rules.ts";

/** A route none of whose parents exists is refused; one that some parent does not know is told so in its status. */
export const knownParent: Rule = (resource, after) => {
  if (![...ROUTE_KINDS, RPC_KIND].includes(resource.kind.kind)) return [];
  const { parentRefs = [] } = resource.spec as unknown as HTTPRouteSpec;
  const missing = parentRefs.map(({ group, kind, name, namespace = resource.namespace }) => {
    const known = after.filter((candidate) => isParent(candidate, group, kind));
    const exists = known.some(
      ({ metadata }) => metadata.name === name && metadata.namespace === namespace,
    );
    return exists ? null : { kind, name, namespace, known };
  });
  if (missing.includes(null)) return [];
  return missing.flatMap((parent, index) => {
    if (!parent) return [];
    const { kind, name, namespace, known } = parent;
    const near = known.filter(({ metadata }) => metadata.namespace === namespace);
    const guess = nearest(
      name,
      near.map(({ metadata }) => metadata.name),
    );
    const mend = guess
      ? `Did you mean "${guess}"?`
      : `Apply the ${kind} first, or in the same batch.`;
    const what = `leads to no parent: ${kind} ${namespace}/${name} does not exist`;
    return [fieldError(`spec.parentRefs[${index}].name`, name, what, mend)];
  });
};

/** A Service may be a resource, or the registered Worker of its name. */
function isParent({ kind }: StoredResource, group: string, wanted: string): boolean {
  if (wanted === "Service" && group === "") return kind === "Service" || kind === WORKLOAD_KIND;
  return kind === wanted;
}
