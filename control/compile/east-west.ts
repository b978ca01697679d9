// Owns the routes of mesh services: producer routes (of the service's namespace, for every caller) and consumer routes
// (of another namespace, for callers of that namespace), each as one rule table per port.
import type { PortRoutes, ServiceChunk, ServiceRoutes } from "../../mesh/contract/table.ts";
import type { Inventory } from "./inventory.ts";
import { type PlacedRoute, entryOf } from "./north-south.ts";
import { buildRuleTable } from "./rule-table.ts";
import type { CompiledRoute } from "./rules.ts";
import { toServiceChunk } from "./services.ts";
import type { Traffic } from "./traffic.ts";

interface OnPort {
  readonly port: number | null;
  readonly route: CompiledRoute;
}

/** Service chunks by id. */
export function eastWestChunks(
  placed: readonly PlacedRoute[],
  inventory: Inventory,
  { services }: Traffic,
  nowMs: number,
): ReadonlyMap<string, ServiceChunk> {
  const routes = collect(placed.filter(({ isRpc }) => !isRpc));
  const rpcRoutes = collect(placed.filter(({ isRpc }) => isRpc));
  const chunks = new Map<string, ServiceChunk>();
  for (const entry of inventory.services.values()) {
    const routesOf = toRoutes(entry.namespace, routes.get(entry.id));
    const ofMethods = rpcRoutes.get(entry.id);
    const chunk = toServiceChunk(
      entry,
      inventory.defaults,
      routesOf,
      nowMs,
      services.get(entry.id)?.balancing,
    );
    const rpc = ofMethods ? { rpc: toRoutes(entry.namespace, ofMethods) } : {};
    chunks.set(`service:${entry.id}`, { ...chunk, ...rpc });
  }
  return chunks;
}

/** Producer and consumer routes of a service of `own`, by the namespace of each route. */
function toRoutes(
  own: string,
  byNamespace: ReadonlyMap<string, readonly OnPort[]> = new Map(),
): ServiceRoutes {
  const producer = byNamespace.get(own);
  const consumers = [...byNamespace].filter(([namespace]) => namespace !== own);
  return {
    producer: producer ? toPortRoutes(producer) : null,
    consumer:
      consumers.length > 0
        ? Object.fromEntries(consumers.map(([namespace, list]) => [namespace, toPortRoutes(list)]))
        : null,
  };
}

/** By service, then by the route's namespace. */
function collect(placed: readonly PlacedRoute[]): Map<string, Map<string, OnPort[]>> {
  const routes = new Map<string, Map<string, OnPort[]>>();
  for (const { route, namespace, attachments } of placed) {
    for (const attachment of attachments) {
      if (attachment.to !== "service") continue;
      const byNamespace = entryOf(routes, attachment.service, () => new Map<string, OnPort[]>());
      entryOf(byNamespace, namespace, () => []).push({
        port: attachment.port,
        route: route.service,
      });
    }
  }
  return routes;
}

/** A port's own table holds the routes of every port too, since at run time it is the only one asked. */
function toPortRoutes(list: readonly OnPort[]): PortRoutes[] {
  const named = [...new Set(list.flatMap(({ port }) => port ?? []))].toSorted((a, b) => a - b);
  const everywhere = list.filter(({ port }) => port === null);
  const ports: (number | null)[] = everywhere.length > 0 ? [...named, null] : named;
  return ports.map((port) => ({
    port,
    table: buildRuleTable(
      list.filter((item) => item.port === null || item.port === port).map(({ route }) => route),
    ),
  }));
}
