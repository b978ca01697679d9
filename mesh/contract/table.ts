// Owns the published table: its signed directory, behind which its chunks follow (docs/wire.md, "Table").
// Written by control, read by every isolate; plain types, no behaviour.
import type { IdentityLevel } from "./identity.ts";
import type { DefaultAction } from "./policy.ts";
import type { RetryPolicy } from "./rule.ts";

/** Format written by this build; a reader takes any format whose `minMesh` is not above its own MESH_VERSION. */
export const TABLE_FORMAT = 1;
/**
 * What this build's data plane understands, compared with `Directory.minMesh`: 1 is calls without policy, by the first
 * module alone; 2 is everything else.
 */
export const MESH_VERSION = 2;
/** The KV key of the table. */
export const TABLE_KEY = "table";
/** That of what the workloads of a namespace need of a table that is too large for one value, in the form of a slice. */
export const namespaceKey = (namespace: string): string => `${TABLE_KEY}:${namespace}`;
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
  /** Values of the revocations in force when it was signed. Absent: none. */
  readonly revoked?: readonly string[];
  /** Workloads that ask for another level than the default: the strongest any of their services asks for. */
  readonly levels: Readonly<Record<string, IdentityLevel>>;
  /** Workloads whose answers are proved with their bodies. Absent: none. */
  readonly bodied?: readonly string[];
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
