// Owns the published table: one signed directory followed by its chunks (docs/wire.md, "Table").
// Written by control, read by every isolate; plain types, no behaviour.
import type { IdentityLevel } from "./identity.ts";
import type { DefaultAction } from "./policy.ts";

/** Format written by this build; a reader takes any format whose `minMesh` is not above its own MESH_VERSION. */
export const TABLE_FORMAT = 1;
/**
 * What this build's data plane understands, compared with `Directory.minMesh`: 1 is calls without policy, by the first
 * module alone; 2 is everything else.
 */
export const MESH_VERSION = 2;
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
  /** Something in the table needs the late part of the data plane: an isolate loads it before it takes the table. Absent: true. */
  readonly late?: boolean;
  /** Absent while the first key signs. */
  readonly signed?: SignedBy;
  /** Workloads that ask for another level than the default: the strongest any of their services asks for. */
  readonly levels: Readonly<Record<string, IdentityLevel>>;
  /** SHA-256 of all chunks of a whole table, base64url: where it holds, none needs be hashed by itself. Absent: each is. */
  readonly body?: string;
  /** By chunk id: `service:ns/name`, `gateways`, `trust`, `host:gateway-ns/gateway/listener/hostname`. */
  readonly chunks: Readonly<Record<string, ChunkRef>>;
}

/** Which key signed a table, and how to get to it from an older one. */
export interface SignedBy {
  /** Id of the key. */
  readonly by: string;
  /** Keys in the order they were made; the first one of all is not among them. */
  readonly links: readonly TableKeyLink[];
}

/** A key of the table signature. */
export interface TableKeyLink {
  readonly kid: string;
  readonly x: string;
  readonly y: string;
  /** ES256 of the key before, base64url. */
  readonly signature: string;
}

/** The effective mesh-wide defaults (docs/defaults.md compares them with this build's). */
export interface Defaults {
  readonly identity: {
    readonly level: IdentityLevel;
    /** Until then a weaker proof than asked for will do, save for `strict`; absent: never. */
    readonly permissiveUntilMs?: number;
  };
  readonly lease: { readonly normalMs: number; readonly strictMs: number };
  readonly timeouts: { readonly edgeMs: number };
  readonly retry: RetryPolicy & { readonly budgetRatio: number; readonly budgetCap: number };
  readonly bulkhead: { readonly maxInFlight: number };
  /** Absent: that of the reader's build. */
  readonly breaker?: BreakerPolicy;
  readonly balance: BalanceMode;
  /** For services that no ALLOW policy selects; absent: `allow-bound`. */
  readonly authorization?: { readonly defaultAction: DefaultAction };
  /** What a user's cohort follows from at the edge, the first that is there; absent, and where none is: drawn, kept by cookie. */
  readonly cohort?: { readonly from: readonly CohortSource[] };
  /** Absent: `trace`. */
  readonly egress?: { readonly globalFetch: "off" | "trace" | "policy" };
  /** Absent: `errors`. */
  readonly accessLog?: AccessLog;
  /** Absent: no span is made. */
  readonly tracing?: Tracing;
}

/** What of a request says which user it is from; a claim only of a verified token. */
export interface CohortSource {
  readonly on: "header" | "cookie" | "claim";
  /** In lower case for a header. */
  readonly name: string;
}

/** Which calls leave a line: none, those that are not plainly good, or each. */
export type AccessLog = "off" | "errors" | "all";

/** Where spans go and of which share of the traces; the share is drawn by trace id, so that all hops agree. */
export interface Tracing {
  /** OTLP/HTTP JSON, up to and with `/v1/traces`. */
  readonly otlpUrl: string;
  /** 0 to 1. */
  readonly sampling: number;
}

export type BalanceMode = "round-robin" | "p2c";

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

/** When a circuit opens, and how it closes again. */
export interface BreakerPolicy {
  /** Failures in a row that open it; 0 is off. */
  readonly consecutive: number;
  /** Share of failed calls that opens it, 0 to 1; 0 is off. */
  readonly failureRatio: number;
  /** Share of calls longer than `slowMs` that opens it; 0 is off. */
  readonly slowRatio: number;
  readonly slowMs: number;
  /** Calls within the window below which no ratio counts. */
  readonly minimumCalls: number;
  readonly windowMs: number;
  /** The first open period and the longest; each that ends in a failed probe doubles the next. */
  readonly baseOpenMs: number;
  readonly maxOpenMs: number;
  /** Leases of probes given out in one round, for the whole edge. */
  readonly probes: number;
  /** Names of errors that user code throws over RPC and that count as failures. */
  readonly exceptions: readonly string[];
}

/** How a rule or the mesh retries; `attempts` counts tries after the first (Gateway API GEP-1731). */
export interface RetryPolicy {
  readonly attempts: number;
  readonly codes: readonly number[];
  readonly backoffBaseMs: number;
  readonly backoffCapMs: number;
}

/** How long calls may take, and how often they are tried. */
export interface CallBounds {
  /** `timeouts.request`; 0 is no limit. */
  readonly timeoutMs?: number;
  /** `timeouts.backendRequest`. */
  readonly perTryMs?: number;
  /** Budgeted as the mesh's default is, not by its attempts alone: within the budget, and only what may be sent twice. */
  readonly retry?: RetryPolicy & { readonly isBudgeted?: boolean };
}

/** The routes of one service. */
export interface ServiceRoutes {
  /** Routes of the service's own namespace, for every caller. Null where none is attached. */
  readonly producer: readonly PortRoutes[] | null;
  /** Routes of a caller's namespace, for callers of that namespace only (GAMMA consumer routes). */
  readonly consumer: Readonly<Record<string, readonly PortRoutes[]>> | null;
}

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
  /**
   * How many parts it is divided into: its own table is empty, and a request is looked up in chunk `host:…#n`, n by the
   * value of the header `by` (in lower case; empty where there is none), else by the path's first segment.
   */
  readonly parts?: number;
  readonly by?: string;
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
  /** Workloads `ns/name` that the call must come from. */
  readonly from?: readonly string[];
  /** Port the call must be for. */
  readonly port?: number;
}

export interface Condition {
  readonly name: string;
  readonly value: string;
  readonly regex?: boolean;
}

/** What a matched rule does. */
export interface Rule extends CallBounds {
  /** `namespace/name` of the route, for status, log and metric. */
  readonly route: string;
  readonly index: number;
  readonly name?: string;
  readonly backends: readonly Backend[];
  readonly session?: Session;
  readonly cors?: Cors;
  readonly fault?: Fault;
  readonly transform?: Transform;
  /** Where copies go; `weight` is the share of requests that are copied, 1 is all. Empty: only a backend names some. */
  readonly mirrors?: readonly Backend[];
}

/** How a client stays with the endpoint it met first: by a header, or else by a cookie. */
export interface Session {
  /** In lower case. */
  readonly header?: string;
  readonly cookie?: string;
  readonly path?: string;
  /** The cookie outlives the browser, for `absoluteMs`. */
  readonly isPermanent?: boolean;
  /** A session ends this long after it began. */
  readonly absoluteMs?: number;
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
  /** What the pattern matches of the path is replaced; `$1` stands for its first group. */
  readonly rewrite?: { readonly pattern: string; readonly to: string };
  /** The request is answered instead of sent. */
  readonly redirect?: Redirect;
  readonly answer?: DirectAnswer;
}

/** An answer the mesh gives by itself. */
export interface DirectAnswer {
  readonly status: number;
  readonly body?: string;
  readonly type: string;
}

/** Faults to inject until they expire; shares are in [0, 1]. */
export interface Fault {
  readonly expiresMs: number;
  readonly delay?: { readonly ms: number; readonly share: number };
  readonly abort?: { readonly status: number; readonly share: number };
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
  /** The port is that of the request, whatever the scheme. */
  readonly samePort?: boolean;
}

/** Which origins may read answers, and what preflights are told. */
export interface Cors {
  /** In lower case; `*` stands for every origin, or inside one for any labels. */
  readonly origins: readonly string[];
  /** Regular expressions for whole origins. */
  readonly patterns?: readonly string[];
  readonly credentials?: boolean;
  /** Joined as the header has them; `*` is answered with what the preflight asks for. */
  readonly methods?: string;
  readonly headers?: string;
  readonly expose?: string;
  readonly maxAge: number;
}
