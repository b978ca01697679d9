// Owns the published table: one signed directory followed by its chunks (docs/wire.md, "Table").
// Written by control, read by every isolate; plain types, no behaviour.
import type { IdentityLevel } from "./identity.ts";

/** Format written by this build; a reader takes any format whose `minMesh` is not above its own MESH_VERSION. */
export const TABLE_FORMAT = 1;
/** What this build's data plane understands, compared with `Directory.minMesh`. */
export const MESH_VERSION = 1;
/** The KV key of the table. */
export const TABLE_KEY = "table";
/** First bytes of a table: `HEDDLE <directory bytes> <signature base64url>\n`, then the directory, then the chunks. */
export const TABLE_MAGIC = "HEDDLE";

/** Features that a kill switch can turn off; never strip, authenticate, replay or authorize. */
export const BYPASS_FEATURES = [
  "cohort",
  "fault",
  "mirror",
  "throttle",
  "retry",
  "limit",
  "balance",
  "breaker",
  "rate-limit",
  "telemetry",
] as const;
export type BypassFeature = (typeof BYPASS_FEATURES)[number];

/** One kill switch; without a service it holds for the whole mesh. */
export interface Bypass {
  readonly feature: BypassFeature;
  readonly service?: string;
}

/** Where a chunk lies behind the directory and what it hashes to. */
export interface ChunkRef {
  /** SHA-256 of the chunk's bytes, base64url. */
  readonly hash: string;
  /** Offset in bytes from the end of the directory. */
  readonly offset: number;
  readonly length: number;
}

/** The signed part of the table: everything an isolate must believe before it reads a chunk. */
export interface Directory {
  readonly format: number;
  readonly mesh: string;
  readonly trustDomain: string;
  readonly version: number;
  readonly previous: number;
  readonly createdMs: number;
  /** An isolate whose MESH_VERSION is lower keeps what it has and reports a NACK. */
  readonly minMesh: number;
  readonly bypass: readonly Bypass[];
  readonly defaults: Defaults;
  /** Some rule splits over several backends: the edge keeps a cohort cookie only then. */
  readonly splits: boolean;
  /** Workloads that ask for another level than the default: the strongest any of their services asks for. */
  readonly levels: Readonly<Record<string, IdentityLevel>>;
  /** By chunk id: `service:ns/name`, `gateways`, `host:gateway-ns/gateway/listener/hostname`. */
  readonly chunks: Readonly<Record<string, ChunkRef>>;
}

/** The effective mesh-wide defaults (docs/defaults.md compares them with this build's). */
export interface Defaults {
  readonly identity: { readonly level: IdentityLevel };
  readonly lease: { readonly normalMs: number; readonly strictMs: number };
  readonly timeouts: { readonly edgeMs: number };
  readonly retry: RetryPolicy & { readonly budgetRatio: number; readonly budgetCap: number };
  readonly bulkhead: { readonly maxInFlight: number };
  readonly balance: BalanceMode;
  /** Absent: `trace`. */
  readonly egress?: { readonly globalFetch: "off" | "trace" | "policy" };
}

export type BalanceMode = "round-robin" | "p2c";

/** How a rule or the mesh retries; `attempts` counts tries after the first (Gateway API GEP-1731). */
export interface RetryPolicy {
  readonly attempts: number;
  readonly codes: readonly number[];
  readonly backoffBaseMs: number;
  readonly backoffCapMs: number;
}

/** Chunk `service:ns/name`: how to call one service. */
export interface ServiceChunk {
  /** `namespace/name`. */
  readonly service: string;
  /** Ports the service listens on; null is any. */
  readonly ports: readonly number[] | null;
  readonly endpoints: readonly Endpoint[];
  readonly level: IdentityLevel;
  readonly balance: BalanceMode;
  readonly maxInFlight: number;
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
  /** The Worker is not woven: it is called plainly, behind the relay's inbound chain. */
  readonly plain?: boolean;
  readonly weight: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** Chunk `gateways`: every listener of every Gateway. */
export interface GatewaysChunk {
  readonly listeners: readonly ListenerEntry[];
}

export interface ListenerEntry {
  /** `namespace/name` of the Gateway. */
  readonly gateway: string;
  readonly listener: string;
  readonly port: number;
  readonly protocol: string;
  /** Lower case; `*` where the listener takes every host. */
  readonly hostname: string;
  /** Hostnames that have a chunk, most specific first: exact, longer wildcard, shorter wildcard, `*`. */
  readonly hosts: readonly string[];
}

/** Chunk `host:…`: the routes of one hostname on one listener. */
export interface HostChunk {
  readonly table: RuleTable;
}

/** Index-ready rules: candidates of one path are in the order of Gateway API precedence. */
export interface RuleTable {
  readonly rules: readonly Rule[];
  readonly exact: Readonly<Record<string, readonly Candidate[]>>;
  /** By prefix without its trailing slash; the empty string is the prefix `/`. Longest wins. */
  readonly prefix: Readonly<Record<string, readonly Candidate[]>>;
  /** After exact and before prefix, in order. */
  readonly regex: readonly {
    readonly pattern: string;
    readonly candidates: readonly Candidate[];
  }[];
}

/** The conditions of one match beside its path, and the rule it leads to. */
export interface Candidate {
  /** Index into `rules`. */
  readonly rule: number;
  readonly method?: string;
  readonly headers?: readonly Condition[];
  readonly query?: readonly Condition[];
}

export interface Condition {
  readonly name: string;
  readonly value: string;
  readonly regex?: boolean;
}

/** What a matched rule does. */
export interface Rule {
  /** `namespace/name` of the route, for status, log and metric. */
  readonly route: string;
  readonly index: number;
  readonly name?: string;
  readonly backends: readonly Backend[];
  /** `timeouts.request`; 0 is no limit. */
  readonly timeoutMs?: number;
  /** `timeouts.backendRequest`. */
  readonly perTryMs?: number;
  readonly retry?: RetryPolicy;
  readonly cors?: Cors;
  readonly transform?: Transform;
  /** Where copies go; `weight` is the share of requests that are copied, 1 is all. Empty: only a backend names some. */
  readonly mirrors?: readonly Backend[];
}

/** One backendRef of a rule. */
export interface Backend {
  /** `namespace/name` of the service. */
  readonly service: string;
  readonly port: number | null;
  readonly weight: number;
  /** The reference does not resolve: its share of calls is answered 500 (Gateway API). */
  readonly invalid?: boolean;
  readonly transform?: Transform;
  /** As those of the rule, for calls that this backend takes first. */
  readonly mirrors?: readonly Backend[];
}

/** What a rule or a backendRef changes of a request and of its answer. */
export interface Transform {
  readonly request?: HeaderChange;
  readonly response?: HeaderChange;
  /** The host the request goes on with, or is redirected to. */
  readonly host?: string;
  /** Takes the place of the first `cut` characters of the path, or of all of it. */
  readonly path?: string;
  readonly cut?: number;
  /** The request is answered instead of sent. */
  readonly redirect?: Redirect;
}

/** Changes of headers, in this order; names in lower case. */
export interface HeaderChange {
  readonly remove?: readonly string[];
  readonly set?: readonly (readonly [name: string, value: string])[];
  /** Joined to a value that is there with a comma. */
  readonly add?: readonly (readonly [name: string, value: string])[];
}

/** Where a redirect leads, beside host and path. */
export interface Redirect {
  readonly status: number;
  readonly scheme?: string;
  readonly port?: number;
}

/** Which origins may read answers, and what preflights are told. */
export interface Cors {
  /** In lower case; `*` stands for every origin, or inside one for any labels. */
  readonly origins: readonly string[];
  readonly credentials?: boolean;
  /** Joined as the header has them; `*` is answered with what the preflight asks for. */
  readonly methods?: string;
  readonly headers?: string;
  readonly expose?: string;
  readonly maxAge: number;
}
