// Owns the loopback port of each (Gateway, listener port): opened when the Gateway is applied, closed when it goes.
import type { StoredResource } from "../../mesh/contract/state.ts";
import { HEDDLE_LISTENER } from "../../mesh/contract/headers.ts";
import { openListener, type Listener, type ListenerOptions } from "./ports.ts";
import { VISITOR_HEADERS } from "./visitor.ts";

/** Where one Gateway's listener port is reached, as `status.addresses` says it. */
export interface GatewayAddress {
  readonly type: "Hostname";
  readonly value: string;
  readonly listenerPort: number;
}

/** The addresses of one Gateway. */
export interface GatewayAddresses {
  /** `namespace/name`. */
  readonly gateway: string;
  readonly addresses: readonly GatewayAddress[];
}

/** The open ports of a dev mesh. */
export interface GatewayPorts {
  /** Opens what these Gateways and ListenerSets need, closes the rest, and says where each Gateway is reached. */
  sync(resources: readonly StoredResource[]): Promise<readonly GatewayAddresses[]>;
  close(): Promise<void>;
}

interface Opened {
  readonly listener: Listener;
  /** What its header says behind the key. */
  readonly stands: string;
}

/** No port is open yet; `key` is the run's secret that the header begins with. */
export function createGatewayPorts(key: string, target: ListenerOptions["target"]): GatewayPorts {
  const opened = new Map<string, Opened>();

  const open = async (stands: string, port: number): Promise<Opened> => {
    const headers = { ...VISITOR_HEADERS, [HEDDLE_LISTENER]: `${key} ${stands}` };
    return { listener: await openListener({ target, headers, port }), stands };
  };

  const ensure = async ({ id, stands }: Wanted): Promise<Listener> => {
    const known = opened.get(id);
    if (known?.stands === stands) return known.listener;
    // Another name on the same port: clients keep their address.
    await known?.listener.close();
    const next = await open(stands, known?.listener.port ?? 0);
    opened.set(id, next);
    return next.listener;
  };

  return {
    async sync(resources) {
      const all = resources
        .filter(({ kind }) => kind === "Gateway")
        .map((gateway) => ({ gateway, wanted: wantedPorts(gateway, resources) }));
      const ids = new Set(all.flatMap(({ wanted }) => wanted.map(({ id }) => id)));
      for (const [id, { listener }] of opened) {
        if (ids.has(id)) continue;
        opened.delete(id);
        await listener.close();
      }
      const result: GatewayAddresses[] = [];
      for (const { gateway, wanted } of all) {
        const addresses: GatewayAddress[] = [];
        for (const one of wanted) {
          const { host, port } = await ensure(one);
          addresses.push({ type: "Hostname", value: `${host}:${port}`, listenerPort: one.port });
        }
        result.push({ gateway: idOf(gateway), addresses });
      }
      return result;
    },
    async close() {
      await Promise.all([...opened.values()].map(({ listener }) => listener.close()));
      opened.clear();
    },
  };
}

interface Wanted {
  readonly id: string;
  readonly port: number;
  /** `gateway-ns/gateway/listener/port`; no listener name where several share the port. */
  readonly stands: string;
}

interface Port {
  readonly name: string;
  readonly port: number;
}

const portsOf = ({ spec }: StoredResource): readonly Port[] => spec["listeners"] as readonly Port[];

function wantedPorts(gateway: StoredResource, all: readonly StoredResource[]): readonly Wanted[] {
  const id = idOf(gateway);
  const sets = all.filter((one) => one.kind === "ListenerSet" && parentOf(one) === id);
  const own = portsOf(gateway);
  // Which of a set's listeners are served control knows; that a port is one listener's alone only the Gateway can say.
  const listeners = [...own, ...sets.flatMap(portsOf).map(({ port }) => ({ name: "", port }))];
  const ports = [...new Set(listeners.map(({ port }) => port))];
  return ports.map((port) => {
    const [first, ...others] = listeners.filter((listener) => listener.port === port);
    const name = others.length === 0 ? (first?.name ?? "") : "";
    return { id: `${id}:${port}`, port, stands: `${id}/${name}/${port}` };
  });
}

const idOf = ({ metadata }: StoredResource): string => `${metadata.namespace}/${metadata.name}`;

function parentOf({ metadata, spec }: StoredResource): string {
  const { namespace, name } = spec["parentRef"] as { namespace?: string; name: string };
  return `${namespace ?? metadata.namespace}/${name}`;
}
