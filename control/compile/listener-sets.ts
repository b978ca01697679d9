// Owns which Gateway a ListenerSet joins and which of its listeners are served there (GEP-1713): after the Gateway's own,
// the oldest set first; of two listeners that clash the earlier is served.
import type { GatewaySpec, Listener } from "../../mesh/contract/resources/gateway.ts";
import type { ListenerSetSpec } from "../../mesh/contract/resources/listener-set.ts";
import { GATEWAY_GROUP } from "../../mesh/contract/resources/meta.ts";
import type { Inventory, Known } from "./inventory.ts";
import { type ListenerVerdict, clash, judgeListener, judgeListeners } from "./listeners.ts";
import { allowsNamespace } from "./selector.ts";

/** What became of one ListenerSet. */
export interface SetVerdict {
  readonly set: Known<ListenerSetSpec>;
  /** `namespace/name` of the Gateway it joins; null where it joins none. */
  readonly gateway: string | null;
  /** Why it joins none. */
  readonly refusal: { readonly reason: SetRefusal; readonly message: string } | null;
  readonly listeners: readonly ListenerVerdict[];
}

type SetRefusal = "ParentNotAccepted" | "NotAllowed";

const judged = new WeakMap<Inventory, ReadonlyMap<string, SetVerdict>>();

/** Every ListenerSet of an inventory by `namespace/name`, oldest first; judged once. */
export function judgeSets(inventory: Inventory): ReadonlyMap<string, SetVerdict> {
  const known = judged.get(inventory) ?? judgeAll(inventory);
  judged.set(inventory, known);
  return known;
}

/** The listeners of a Gateway and of the sets that joined it, in the order of their precedence. */
export const servedBy = (
  gateway: Known<GatewaySpec>,
  inventory: Inventory,
): readonly ListenerVerdict[] => [
  ...judgeListeners(gateway),
  ...[...judgeSets(inventory).values()]
    .filter((verdict) => verdict.gateway === gateway.id)
    .flatMap(({ listeners }) => listeners),
];

function judgeAll(inventory: Inventory): ReadonlyMap<string, SetVerdict> {
  /** What is served already, by Gateway. */
  const served = new Map<string, Listener[]>(
    inventory.gateways.map((gateway) => [
      gateway.id,
      gateway.spec.listeners.map((listener) => listener),
    ]),
  );
  return new Map(
    inventory.listenerSets.map((set): [string, SetVerdict] => {
      const parent = parentOf(set, inventory);
      if ("reason" in parent)
        return [set.id, { set, gateway: null, refusal: parent, listeners: [] }];
      const listeners = judgeAfter(set, served.get(parent.id) ?? []);
      return [set.id, { set, gateway: parent.id, refusal: null, listeners }];
    }),
  );
}

/** Judges the listeners of a set one after the other; those that are served join `before`. */
function judgeAfter({ id, spec }: Known<ListenerSetSpec>, before: Listener[]): ListenerVerdict[] {
  return spec.listeners.map((listener) => {
    const conflict = before.map((other) => clash(other, listener)).find(Boolean) ?? null;
    // No listener of a Gateway has such a name.
    const name = `${listener.name}@${id.replace("/", ".")}`;
    if (conflict === null) before.push(listener);
    return judgeListener(listener, name, { refusal: conflict, conflict });
  });
}

function parentOf(
  { namespace, spec: { parentRef } }: Known<ListenerSetSpec>,
  inventory: Inventory,
): Known<GatewaySpec> | NonNullable<SetVerdict["refusal"]> {
  const id = `${parentRef.namespace ?? namespace}/${parentRef.name}`;
  const isGateway = parentRef.group === GATEWAY_GROUP && parentRef.kind === "Gateway";
  const gateway = isGateway ? inventory.gateways.find((candidate) => candidate.id === id) : null;
  if (!gateway) {
    const message = `${parentRef.kind} ${id} does not exist.`;
    return { reason: "ParentNotAccepted", message };
  }
  const rule = gateway.spec.allowedListeners?.namespaces ?? { from: "None" as const };
  if (allowsNamespace(rule, gateway.namespace, namespace, inventory)) return gateway;
  const message = `allowedListeners of Gateway ${id} lets in no ListenerSet of ${namespace}.`;
  return { reason: "NotAllowed", message };
}
