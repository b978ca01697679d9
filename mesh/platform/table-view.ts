// The open table as filters read it: chunk ids, levels and kill switches behind names.
import type { IdentityLevel } from "../contract/identity.ts";
import { POLICY_CHUNK, type PolicyChunk } from "../contract/policy.ts";
import type { GatewaysChunk, HostChunk } from "../contract/gateway.ts";
import type { ServiceChunk } from "../contract/service.ts";
import type { BypassFeature, Defaults } from "../contract/table.ts";
import { TRUST_CHUNK, type TrustChunk } from "../contract/trust.ts";
import type { OpenTable } from "../identity/table.ts";
import type { TableView } from "../pipeline/isolate.ts";

/** A view over an open table; chunks are parsed at their first use by the table itself. */
export function createTableView(table: OpenTable): TableView {
  const { directory } = table;
  const { bypass } = directory;
  const services = new Map<string, ServiceChunk | null>();
  const policies = new Map<string, PolicyChunk | null | undefined>();
  const policyAt = (at: string): PolicyChunk | null | undefined => {
    const id = POLICY_CHUNK + at;
    return Object.hasOwn(directory.chunks, id) ? table.chunk<PolicyChunk>(id) : undefined;
  };
  return {
    version: directory.version,
    defaults: directory.defaults satisfies Defaults,
    splits: directory.splits,
    service(service) {
      let chunk = services.get(service);
      if (chunk === undefined) {
        chunk = table.chunk<ServiceChunk>(`service:${service}`);
        if (chunk !== null) services.set(service, chunk);
      }
      return chunk;
    },
    gateways: () => table.chunk<GatewaysChunk>("gateways"),
    host: (id) => table.chunk<HostChunk>(id),
    level: (workload): IdentityLevel =>
      directory.levels[workload] ?? directory.defaults.identity.level,
    isBodied: (workload) => directory.bodied?.includes(workload) === true,
    policy(at) {
      if (!policies.has(at)) policies.set(at, policyAt(at));
      return policies.get(at);
    },
    trust: () => table.chunk<TrustChunk>(TRUST_CHUNK),
    // Asked several times per call, and nearly always of an empty list.
    bypassed:
      bypass.length === 0
        ? () => false
        : (feature: BypassFeature, service: string): boolean =>
            bypass.some(
              (entry) => entry.feature === feature && (entry.service ?? service) === service,
            ),
  };
}
