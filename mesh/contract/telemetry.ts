// Owns every metric, log field and span attribute name (docs/telemetry.md compares its table with this one).

export const METRICS = {
  requests: "heddle_requests_total",
  attempts: "heddle_attempts_total",
  refusals: "heddle_refusals_total",
  retries: "heddle_retries_total",
  bypassed: "heddle_bypassed_total",
  degraded: "heddle_degraded_total",
  tableAge: "heddle_table_age_seconds",
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
  degraded: "degraded",
  bypassed: "bypassed",
  detail: "detail",
} as const;

/** A name in {@link LOG_FIELDS}. */
export type LogField = (typeof LOG_FIELDS)[keyof typeof LOG_FIELDS];
