// Owns the chunks of the north-south side: `gateways`, and one `host:…` per listener and hostname.
import type { GatewaysChunk, HostChunk, ListenerEntry } from "../../mesh/contract/gateway.ts";
import type { Attachment } from "./attach.ts";
import type { Side } from "./backends.ts";
import type { Bound } from "./call-bounds.ts";
import { bySpecificity } from "./hostnames.ts";
import type { Inventory } from "./inventory.ts";
import { compareText } from "./inventory.ts";
import { servedBy } from "./listener-sets.ts";
import type { Reuse } from "./reuse.ts";
import { hostChunks } from "./host-chunks.ts";
import type { CompiledRoute } from "./rules.ts";

/** A route, compiled for each kind of parent, with the places it hangs at. */
export interface PlacedRoute {
  readonly route: Readonly<Record<Side, CompiledRoute>>;
  /** It is for calls of RPC methods. */
  readonly isRpc: boolean;
  readonly namespace: string;
  readonly attachments: readonly Attachment[];
}

/** Routes by hostname, for each listener (`gateway/listener`). */
type Hosts = Map<string, Map<string, CompiledRoute[]>>;

/** Chunks by id. */
export function northSouthChunks(
  placed: readonly PlacedRoute[],
  inventory: Inventory,
  { bound, reuse }: { readonly bound: Bound; readonly reuse: Reuse },
): ReadonlyMap<string, GatewaysChunk | HostChunk> {
  const chunks = new Map<string, GatewaysChunk | HostChunk>();
  const hosts = collectHosts(placed, bound);
  const listeners = inventory.gateways
    .toSorted((a, b) => compareText(a.id, b.id))
    .flatMap((gateway) =>
      servedBy(gateway, inventory).flatMap(({ listener, name, refusal }): ListenerEntry[] => {
        if (refusal) return [];
        const key = `${gateway.id}/${name}`;
        const byHost = hosts.get(key) ?? new Map<string, CompiledRoute[]>();
        for (const [host, routes] of byHost) {
          const id = `host:${key}/${host}`;
          for (const [at, chunk] of hostChunks(id, routes, reuse)) chunks.set(at, chunk);
        }
        return [
          {
            gateway: gateway.id,
            listener: name,
            port: listener.port,
            protocol: listener.protocol,
            hostname: listener.hostname ?? "*",
            hosts: [...byHost.keys()].toSorted(bySpecificity),
          },
        ];
      }),
    );
  return chunks.set("gateways", { listeners });
}

function collectHosts(placed: readonly PlacedRoute[], bound: Bound): Hosts {
  const hosts: Hosts = new Map();
  for (const { route, attachments } of placed) {
    for (const attachment of attachments) {
      if (attachment.to !== "gateway") continue;
      const byHost = entryOf(
        hosts,
        `${attachment.gateway}/${attachment.listener}`,
        () => new Map(),
      );
      const own = bound(route.gateway, null);
      for (const host of attachment.hosts) entryOf(byHost, host, () => []).push(own);
    }
  }
  return hosts;
}

/** The entry of a key, made first where there is none. */
export function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
