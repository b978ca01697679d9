// Owns every metric, log field and span attribute name (docs/telemetry.md compares its table with this one), and the
// form in which isolates tell what they counted.
import type { Reason } from "./reasons.ts";

export const METRICS = {
  requests: "heddle_requests_total",
  requestDuration: "heddle_request_duration_seconds",
  attempts: "heddle_attempts_total",
  attemptDuration: "heddle_attempt_duration_seconds",
  retries: "heddle_retries_total",
  refusals: "heddle_refusals_total",
  bypassed: "heddle_bypassed_total",
  degraded: "heddle_degraded_total",
  spans: "heddle_spans_total",
  spansDropped: "heddle_spans_dropped_total",
  isolates: "heddle_isolates",
  tableVersion: "heddle_table_version",
  reportAge: "heddle_report_age_seconds",
} as const;

export const LOG_FIELDS = {
  time: "time",
  side: "side",
  source: "source",
  destination: "destination",
  endpoint: "endpoint",
  route: "route",
  status: "status",
  reason: "reason",
  flag: "flag",
  traceId: "trace_id",
  attempts: "attempts",
  duration: "duration_ms",
  degraded: "degraded",
  bypassed: "bypassed",
  detail: "detail",
} as const;

/** A name in {@link LOG_FIELDS}. */
export type LogField = (typeof LOG_FIELDS)[keyof typeof LOG_FIELDS];

/** Attributes of spans: OpenTelemetry's names for HTTP and RPC (semantic conventions 1.44), ours under `mesh.`. */
export const SPAN_ATTRIBUTES = {
  method: "http.request.method",
  originalMethod: "http.request.method_original",
  statusCode: "http.response.status_code",
  resendCount: "http.request.resend_count",
  scheme: "url.scheme",
  rpcSystem: "rpc.system.name",
  rpcMethod: "rpc.method",
  server: "server.address",
  peer: "service.peer.name",
  error: "error.type",
  side: "mesh.side",
  route: "mesh.route",
  endpoint: "mesh.endpoint",
  attempts: "mesh.attempts",
} as const;

/** What a span's resource says of the Worker. */
export const RESOURCE_ATTRIBUTES = {
  service: "service.name",
  namespace: "service.namespace",
  instance: "service.instance.id",
  provider: "cloud.provider",
  platform: "cloud.platform",
} as const;

/**
 * From where something was counted: `effective` what the application saw of a logical call, `actual` what an endpoint did
 * with one attempt, `inbound` what a callee's mesh refused, `event` what else happened (no durations).
 */
export type Facet = "effective" | "actual" | "inbound" | "event";

/** What a source without a name is shown as: who comes from outside the mesh, with no identity. */
export const OUTSIDE = "outside";

/** What a call or attempt came to: why the mesh refused or the endpoint failed, else the class of the answer's status. */
export type CallOutcome = Reason | "ok" | "4xx" | "5xx";

/** Names of `event` outcomes; this one is followed by the feature. */
export const BYPASSED = "bypassed ";
export const DEGRADED = "degraded";
export const SPANS = "spans";
export const SPANS_DROPPED = "spans_dropped";

/** An exponential histogram of milliseconds (mesh/algorithms/histogram). */
export interface Durations {
  readonly scale: number;
  readonly zero: number;
  readonly sum: number;
  readonly counts: ReadonlyMap<number, number>;
}

/** What was counted of one way to a destination. */
export interface SeriesDelta {
  readonly facet: Facet;
  /** The caller's workload. */
  readonly source: string;
  /** The endpoint tried; empty for a logical call. */
  readonly endpoint: string;
  /** `namespace/name` of the route that matched; empty for none. */
  readonly route: string;
  /** Attempts after the first that was sent, of the same logical call. */
  readonly retries: number;
  /** By {@link CallOutcome}, or by the name of an event. */
  readonly outcomes: ReadonlyMap<string, number>;
  readonly durations: Durations;
}

/** What an isolate has counted of one destination since its last part: the `delta` of a pulse part `telemetry:ns/name`. */
export interface TelemetryDelta {
  /** When it was closed, by the isolate's clock, ms. */
  readonly atMs: number;
  readonly series: readonly SeriesDelta[];
}

/** The object name of a destination in a pulse part. */
export const TELEMETRY_OBJECT = "telemetry:";
