// Owns the routes of mesh services: producer routes (of the service's namespace, for every caller) and consumer routes
// (of another namespace, for callers of that namespace), each as one rule table per port.
import type { PortRoutes, ServiceChunk, ServiceRoutes } from "../../mesh/contract/service.ts";
import type { Bound } from "./call-bounds.ts";
import type { Inventory } from "./inventory.ts";
import { type PlacedRoute, entryOf } from "./north-south.ts";
import { buildRuleTable } from "./rule-table.ts";
import type { CompiledRoute } from "./rules.ts";
import { type ServiceEntry, toServiceChunk } from "./services.ts";
import type { Reuse } from "./reuse.ts";
import { type Traffic, withTraffic } from "./traffic.ts";

interface OnPort {
  readonly port: number | null;
  readonly route: CompiledRoute;
}

/** What one compilation goes by. */
interface Turn {
  readonly nowMs: number;
  readonly bound: Bound;
  readonly reuse: Reuse;
}

/** Service chunks by id. */
export function eastWestChunks(
  placed: readonly PlacedRoute[],
  inventory: Inventory,
  traffic: Traffic,
  { nowMs, bound, reuse }: Turn,
): ReadonlyMap<string, ServiceChunk> {
  const routes = collect(
    placed.filter(({ isRpc }) => !isRpc),
    bound,
  );
  const rpcRoutes = collect(
    placed.filter(({ isRpc }) => isRpc),
    bound,
  );
  const chunks = new Map<string, ServiceChunk>();
  for (const entry of inventory.services.values()) {
    const routesOf = reuseRoutes("http", entry, routes.get(entry.id), reuse);
    const ofMethods = rpcRoutes.get(entry.id);
    const rpc = ofMethods ? { rpc: reuseRoutes("rpc", entry, ofMethods, reuse) } : {};
    const said = traffic.services.get(entry.id);
    const own = withTraffic(
      { ...toServiceChunk(entry, inventory.defaults, nowMs, said?.balancing), ...NO_ROUTES },
      said,
    );
    // What is asked for time and status is short; the routes need not be.
    const inputs = [JSON.stringify(own), routesOf, rpc.rpc];
    const chunk = reuse.of(`service ${entry.id}`, inputs, () => ({ ...own, ...routesOf, ...rpc }));
    chunks.set(`service:${entry.id}`, chunk);
  }
  return chunks;
}

const NO_ROUTES: ServiceRoutes = { producer: null, consumer: null };

/** The routes of a service, made again only where one of them changed. */
function reuseRoutes(
  side: "http" | "rpc",
  { id, namespace }: ServiceEntry,
  routes: ReadonlyMap<string, readonly OnPort[]> | undefined,
  reuse: Reuse,
): ServiceRoutes {
  if (routes === undefined) return NO_ROUTES;
  const inputs = [...routes].flatMap(([of, list]) => [
    of,
    ...list.flatMap(({ port, route }) => [port, route]),
  ]);
  return reuse.of(`routes ${side} ${id}`, inputs, () => toRoutes(namespace, routes));
}

/** Producer and consumer routes of a service of `own`, by the namespace of each route. */
function toRoutes(own: string, byNamespace: ReadonlyMap<string, readonly OnPort[]>): ServiceRoutes {
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
function collect(placed: readonly PlacedRoute[], bound: Bound): Map<string, Map<string, OnPort[]>> {
  const routes = new Map<string, Map<string, OnPort[]>>();
  for (const { route, namespace, attachments } of placed) {
    for (const attachment of attachments) {
      if (attachment.to !== "service") continue;
      const byNamespace = entryOf(routes, attachment.service, () => new Map<string, OnPort[]>());
      entryOf(byNamespace, namespace, () => []).push({
        port: attachment.port,
        route: bound(route.service, attachment.service),
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
