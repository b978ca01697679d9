// Owns what a Worker is told at deploy time about its place in the mesh: written by weaving, read at boot.
// Woven Workers import it as a module; by hand, the relay and the gateway read it from the var HEDDLE_WIRING.
import type { WrappedKeys } from "./identity.ts";

export const WIRING_FORMAT = 1;

/** Names of the bindings weaving adds; all of them are deleted from the user's `env`. */
export const BINDINGS = {
  /** Control's `Workload` entrypoint, props.heddle { workload }. */
  control: "HEDDLE",
  /** The objects' Worker's `Pulse` entrypoint, props.heddle { workload }. */
  pulse: "HEDDLE_PULSE",
  /** KV namespace with the table. */
  table: "HEDDLE_TABLE",
  /** The relay's `Relay` entrypoint, props.heddle { workload }. */
  relay: "HEDDLE_RELAY",
  /** Secret: the Worker's key-encryption key, base64url of 32 bytes. */
  kek: "HEDDLE_KEK",
  /** JSON var with the wiring, where no module carries it. */
  wiring: "HEDDLE_WIRING",
  /** Static assets, where weaving had to add a binding for them. */
  assets: "HEDDLE_ASSETS",
  /** Prefix of the bindings to other Workers' entrypoints: HEDDLE_TO_0, HEDDLE_TO_1, … */
  endpointPrefix: "HEDDLE_TO_",
} as const;

/** What a service binding of the user's wrangler file dials. */
export interface Dialled {
  /** `namespace/name` of the mesh service; empty where `endpoint` is set. */
  readonly service: string;
  /** Entrypoint named in the binding; null is the default export. */
  readonly entrypoint: string | null;
  /** Overrides `Wiring.reach` for this binding (own props on it): by workload, the binding that reaches it. */
  readonly reach?: Readonly<Record<string, string>>;
  /** `service = "endpoint:NAME.NS"`: one endpoint's workload `ns/name`, past its service's routes. */
  readonly endpoint?: string;
}

/** By workload `ns/name`, then entrypoint (empty string: default): the binding that reaches it. */
export type Reach = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface Wiring {
  readonly format: number;
  readonly mesh: string;
  readonly trustDomain: string;
  /** `namespace/name` of this Worker. */
  readonly workload: string;
  /** By the user's binding name. */
  readonly dialled: Readonly<Record<string, Dialled>>;
  readonly reach: Reach;
  /** User bindings that are Durable Object namespaces whose class is woven. */
  readonly objects: readonly string[];
  /** User bindings to queues that carry the context; absent where it sends to none and consumes none. */
  readonly queues?: readonly string[];
  /** The Worker has routes or custom domains of its own: a request without our props runs the edge chain. */
  readonly ownRoutes: boolean;
  /** How bare assets would have been served; null without assets. */
  readonly assets: AssetsWiring | null;
  /** Random per weaving: a loopback call through `ctx.exports` shows it, a plain binding cannot. */
  readonly loopback: string;
  /** Overrides the table's lease, ms (dev: 2000). */
  readonly leaseMs?: number;
  /** Dev only: adds the `HeddleDev` entrypoint (poke, reset). */
  readonly dev?: boolean;
  /** Dev only: the run's secret that a listener port's `heddle-listener` header begins with. */
  readonly listenerKey?: string;
  /** ES256 public key of the table signature. Null: no table from outside is believed. */
  readonly tableKey: JsonWebKey | null;
  readonly seed: WrappedKeys | null;
  /** The table known at weaving, base64, in the form of the KV value; null when none was. */
  readonly table: string | null;
}

/** What the user's `assets` said before weaving set `run_worker_first`. */
export interface AssetsWiring {
  readonly binding: string;
  /** `run_worker_first`: a list holds patterns, those with a leading `!` go to the assets. */
  readonly workerFirst: boolean | readonly string[];
  /** `not_found_handling`; absent is `none`. */
  readonly notFound?: string;
  /** `assets_navigation_prefers_asset_serving` holds, by flag or date. */
  readonly navigation?: boolean;
}

/** The props weaving puts on every binding into the mesh. */
export interface HeddleProps {
  readonly heddle: {
    readonly workload: string;
    /** Version tag the caller was woven with; absent: none. */
    readonly tag?: string;
  };
}

/** The props of a not-woven caller's binding to the relay. */
export interface RelayProps {
  readonly heddle: { readonly source: string; readonly dialled: Dialled; readonly tag?: string };
}

/** Keys of the relay's reach to Workers that are not woven begin with it: no envelope is spoken there. */
export const PLAIN_PREFIX = "plain:";

/** The mesh's own workloads. */
export const SYSTEM_NAMESPACE = "heddle";
export const GATEWAY_WORKLOAD = "heddle/gateway";
export const RELAY_WORKLOAD = "heddle/relay";
