// The open table as filters read it: chunk ids, levels and kill switches behind names.
import type { IdentityLevel } from "../contract/identity.ts";
import type {
  BypassFeature,
  Defaults,
  GatewaysChunk,
  HostChunk,
  ServiceChunk,
} from "../contract/table.ts";
import type { OpenTable } from "../identity/table.ts";
import type { TableView } from "../pipeline/isolate.ts";

/** A view over an open table; chunks are parsed at their first use by the table itself. */
export function createTableView(table: OpenTable): TableView {
  const { directory } = table;
  const { bypass } = directory;
  return {
    version: directory.version,
    defaults: directory.defaults satisfies Defaults,
    splits: directory.splits,
    service: (service) => table.chunk<ServiceChunk>(`service:${service}`),
    gateways: () => table.chunk<GatewaysChunk>("gateways"),
    host: (gateway, listener, hostname) =>
      table.chunk<HostChunk>(`host:${gateway}/${listener}/${hostname}`),
    level: (workload): IdentityLevel =>
      directory.levels[workload] ?? directory.defaults.identity.level,
    bypassed: (feature: BypassFeature, service: string): boolean =>
      bypass.some((entry) => entry.feature === feature && (entry.service ?? service) === service),
  };
}
