// Owns the table's chunk of a service: where it runs and how it is called (docs/wire.md, "Table"). Plain types, no behaviour.
import type { IdentityLevel } from "./identity.ts";
import type { CallBounds, RuleTable } from "./rule.ts";
import type { BalanceMode, BreakerPolicy } from "./table.ts";

/** Chunk `service:ns/name`: how to call one service. */
export interface ServiceChunk extends ServiceRoutes {
  /** `namespace/name`. */
  readonly service: string;
  /** Ports the service listens on; null is any. */
  readonly ports: readonly number[] | null;
  readonly endpoints: readonly Endpoint[];
  readonly level: IdentityLevel;
  readonly balance: BalanceMode;
  /** How calls spread where that is not all. */
  readonly balancing?: Balancing;
  readonly maxInFlight: number;
  /** Of calls that take no rule. */
  readonly bounds?: CallBounds;
  /**
   * Where a policy says other than the default: by endpoint id, `endpoint|scope`, `|scope`, or the empty string for all of
   * the service. A scope is an RPC method `Entrypoint.method` or a route `ns/name`, and has circuits of its own.
   */
  readonly breakers?: Readonly<Record<string, BreakerPolicy>>;
  /** Routes of RPC methods, whose paths are `/Entrypoint/method`. Absent: none. */
  readonly rpc?: ServiceRoutes;
}

/** The routes of one service. */
export interface ServiceRoutes {
  /** Routes of the service's own namespace, for every caller. Null where none is attached. */
  readonly producer: readonly PortRoutes[] | null;
  /** Routes of a caller's namespace, for callers of that namespace only (GAMMA consumer routes). */
  readonly consumer: Readonly<Record<string, readonly PortRoutes[]>> | null;
}

/** A rule table that holds for one port of a service, or for all (null); a port's own table wins. */
export interface PortRoutes {
  readonly port: number | null;
  readonly table: RuleTable;
}

/** One dispatchable target of a service. */
export interface Endpoint {
  /** Stable over table versions: `ns/worker`, `ns/worker#Entrypoint` or the endpoint's own name. */
  readonly id: string;
  /** The workload `ns/name` of the Worker behind it; the audience of proofs. Absent for `url`. */
  readonly worker?: string;
  /** Fixed entrypoint; absent: the one the caller dialled. */
  readonly entrypoint?: string;
  readonly url?: string;
  /** Requests to the URL carry a workload identity token and a signature. */
  readonly identity?: "wimse";
  /** Its answers have to be proved too, by `answerer` where that is told (a SPIFFE id, or a prefix with `*`). */
  readonly answer?: "required";
  readonly answerer?: string;
  /** The Worker is not woven: it is called plainly, behind the relay's inbound chain. */
  readonly plain?: boolean;
  readonly weight: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Its priority: 0, the default, is preferred; without gaps. */
  readonly rank?: number;
  readonly locality?: string;
  /** When it joined the service, for slow start. */
  readonly sinceMs?: number;
  /** The platform's version override: `script="version"`. */
  readonly version?: string;
}

/** How calls spread over several endpoints. */
export interface Balancing {
  readonly mode: BalanceMode | "least-request" | "peak-ewma" | "ring" | "maglev" | "rendezvous";
  /** What belongs to one endpoint. */
  readonly hash?: {
    readonly on: "header" | "cookie" | "query" | "path" | "cohort" | "caller";
    /** In lower case for a header. */
    readonly name?: string;
  };
  /** Of an endpoint of weight 1 on the ring. */
  readonly points?: number;
  /** Times its share that an endpoint may have in flight. */
  readonly most?: number;
  readonly bias?: number;
  readonly slowStart?: {
    readonly windowMs: number;
    readonly aggression: number;
    readonly least: number;
  };
  /** Weights of localities. */
  readonly localities?: Readonly<Record<string, number>>;
  /** Percent; absent: 50. */
  readonly panic?: number;
  /** Endpoints whose label is what the header says; `only`: or none. */
  readonly subset?: { readonly label: string; readonly header: string; readonly only?: boolean };
}
