// Owns every reason the mesh refuses a call for, and every way an upstream fails one.
// Status, flag, Proxy-Status error, problem type, metric label and log field all come from this table.

/** Whether the mesh said no (`local`) or the other side failed (`upstream`). */
export type Origin = "local" | "upstream";

/** What one reason looks like on every surface; flags follow Envoy's response flags, `proxyStatus` RFC 9209 §2.3. */
export interface ReasonEntry {
  /** HTTP status of the answer the mesh makes; 0 where the mesh makes none. */
  readonly status: number;
  /** Envoy-style response flag of the access log. */
  readonly flag: string;
  /** RFC 9209 `error` parameter. */
  readonly proxyStatus: string;
  readonly origin: Origin;
  /** Whether another attempt elsewhere may help; never true for a limit the next attempt would meet again. */
  readonly retryable: boolean;
}

const entryOf =
  (origin: Origin) =>
  (status: number, flag: string, proxyStatus: string, retryable = false): ReasonEntry => ({
    status,
    flag,
    proxyStatus,
    origin,
    retryable,
  });

const local = entryOf("local");
const upstream = entryOf("upstream");

// What several reasons share; every woven Worker carries this table.
const denied = (status: number, retryable = false): ReasonEntry =>
  local(status, "UAEX", "http_request_denied", retryable);
const UNPROVED = denied(401);
const FORBIDDEN = denied(403);
const unavailable = (flag: string): ReasonEntry => local(503, flag, "destination_unavailable");
const misconfigured = (status: number, flag: string): ReasonEntry =>
  local(status, flag, "proxy_configuration_error");
const BAD = "http_request_error";
const FULL = "connection_limit_reached";
const LATE = "http_response_timeout";
const LOST = "connection_terminated";

/** The label of a reason. */
export type Reason =
  | "no_route"
  | "unknown_service"
  | "no_table"
  | "invalid_backend"
  | "no_backend"
  | "no_endpoint"
  | "not_bound"
  | "no_port"
  | "overflow"
  | "circuit_open"
  | "shed"
  | "rate_limited"
  | "deadline_exceeded"
  | "per_try_timeout"
  | "loop_detected"
  | "bad_argument"
  | "malformed"
  | "unauthenticated"
  | "bad_mac"
  | "bad_digest"
  | "wrong_audience"
  | "stale"
  | "unknown_epoch"
  | "weak_proof"
  | "revoked"
  | "replay"
  | "via_relay_refused"
  | "denied"
  | "not_allowed"
  | "default_deny"
  | "ambiguous_path"
  | "no_guard"
  | "not_synced"
  | "bad_answer"
  | "no_keys"
  | "mesh_error"
  | "upstream_status"
  | "upstream_threw"
  | "upstream_overloaded"
  | "upstream_reset"
  | "upstream_hung"
  | "client_abort";

/** Every reason, by its metric label. */
export const REASONS: Readonly<Record<Reason, ReasonEntry>> = {
  no_route: local(404, "NR", "destination_not_found"),
  unknown_service: unavailable("NC"),
  no_table: misconfigured(503, "NC"),
  invalid_backend: misconfigured(500, "NR"),
  no_backend: misconfigured(500, "NR"),
  no_endpoint: unavailable("UH"),
  not_bound: unavailable("UH"),
  no_port: unavailable("NR"),
  overflow: local(503, "UO", FULL),
  circuit_open: unavailable("UO"),
  shed: local(503, "OM", FULL),
  rate_limited: local(429, "RL", "http_request_denied"),
  deadline_exceeded: local(504, "UMSDR", LATE),
  per_try_timeout: upstream(504, "UT", LATE, true),
  loop_detected: local(502, "NC", "proxy_loop_detected"),
  bad_argument: local(400, "NC", BAD),
  malformed: local(400, "UAEX", BAD),
  unauthenticated: UNPROVED,
  bad_mac: UNPROVED,
  bad_digest: UNPROVED,
  wrong_audience: UNPROVED,
  stale: UNPROVED,
  unknown_epoch: denied(401, true),
  weak_proof: UNPROVED,
  revoked: UNPROVED,
  replay: denied(409),
  via_relay_refused: FORBIDDEN,
  denied: FORBIDDEN,
  not_allowed: FORBIDDEN,
  default_deny: FORBIDDEN,
  ambiguous_path: local(400, "UAEX", BAD),
  no_guard: unavailable("NC"),
  not_synced: unavailable("NC"),
  bad_answer: local(502, "UPE", "http_protocol_error"),
  no_keys: misconfigured(503, "NC"),
  mesh_error: local(500, "UPE", "proxy_internal_error"),
  upstream_status: upstream(0, "-", "http_response_incomplete", true),
  upstream_threw: upstream(502, "UF", LOST),
  upstream_overloaded: upstream(503, "UO", FULL),
  upstream_reset: upstream(503, "UF", LOST, true),
  upstream_hung: upstream(504, "UT", LATE, true),
  client_abort: upstream(0, "DC", LOST),
};

/** Whether the mesh itself said no. */
export const isLocal = (reason: Reason | null): boolean =>
  reason !== null && REASONS[reason].origin === "local";

/** Whether a text from outside is the label of a reason. */
export const isReason = (text: unknown): text is Reason =>
  typeof text === "string" && Object.hasOwn(REASONS, text);

/** The RFC 9457 `title`: the reason in words. The page behind its type, docs/reasons.md, says what it means. */
export function titleOf(reason: Reason): string {
  const words = reason.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The RFC 9457 problem type URI of a reason; the docs page of the same name explains it. */
export const problemType = (reason: Reason): string => `https://heddle.dev/problems/${reason}`;
