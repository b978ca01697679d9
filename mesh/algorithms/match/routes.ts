// Owns which rule table of a service holds for a caller and a port (GAMMA): consumer routes of the caller's namespace win
// over the service's own, a port's own table over that of every port.
import type { RuleTable } from "../../contract/rule.ts";
import type { PortRoutes, ServiceChunk } from "../../contract/service.ts";

/** The table for calls of workload `source` to a port; null where no route is attached. */
export const routesFor = (
  { consumer, producer }: Pick<ServiceChunk, "consumer" | "producer">,
  source: string,
  port: number | null,
): RuleTable | null => {
  const own = consumer?.[source.slice(0, source.indexOf("/"))];
  return (own && forPort(own, port)) ?? (producer && forPort(producer, port)) ?? null;
};

const forPort = (routes: readonly PortRoutes[], port: number | null): RuleTable | null => {
  let any: RuleTable | null = null;
  for (const entry of routes) {
    if (entry.port === port) return entry.table;
    if (entry.port === null) any = entry.table;
  }
  return any;
};
