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
  /** RFC 9457 `title`: the one sentence a caller is told. */
  readonly title: string;
  /** Whether another attempt elsewhere may help; never true for a limit the next attempt would meet again. */
  readonly retryable: boolean;
}

const entryOf =
  (origin: Origin) =>
  (
    status: number,
    flag: string,
    proxyStatus: string,
    title: string,
    retryable = false,
  ): ReasonEntry => ({ status, flag, proxyStatus, origin, title, retryable });

const local = entryOf("local");
const upstream = entryOf("upstream");

// What several reasons share.
const denied = (status: number, title: string, retryable = false): ReasonEntry =>
  local(status, "UAEX", "http_request_denied", title, retryable);
const unavailable = (flag: string, title: string): ReasonEntry =>
  local(503, flag, "destination_unavailable", title);
const misconfigured = (status: number, flag: string, title: string): ReasonEntry =>
  local(status, flag, "proxy_configuration_error", title);
const full = (flag: string, title: string): ReasonEntry =>
  local(503, flag, "connection_limit_reached", title);
const late = "http_response_timeout";
const lost = "connection_terminated";

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
  no_route: local(404, "NR", "destination_not_found", "No route matches this request."),
  unknown_service: unavailable("NC", "The service is not in the routing table."),
  no_table: misconfigured(503, "NC", "No routing table is known yet."),
  invalid_backend: misconfigured(500, "NR", "The route's backend is not valid."),
  no_backend: misconfigured(500, "NR", "The route has no backend for this request."),
  no_endpoint: unavailable("UH", "The service has no endpoint to call."),
  not_bound: unavailable("UH", "This Worker is not bound to the endpoint yet."),
  no_port: unavailable("NR", "The service does not listen on this port."),
  overflow: full("UO", "Too many calls to this endpoint are in flight."),
  circuit_open: unavailable("UO", "The circuit to this endpoint is open."),
  shed: full("OM", "The service sheds load."),
  rate_limited: local(429, "RL", "http_request_denied", "The rate limit is used up."),
  deadline_exceeded: local(504, "UMSDR", late, "The deadline of the call has passed."),
  per_try_timeout: upstream(504, "UT", late, "The endpoint did not answer in time.", true),
  loop_detected: local(502, "NC", "proxy_loop_detected", "The call went through too many hops."),
  bad_argument: local(400, "NC", "http_request_error", "A mesh binding cannot be an RPC argument."),
  malformed: local(400, "UAEX", "http_request_error", "The mesh envelope is malformed."),
  unauthenticated: denied(401, "The call carries no identity."),
  bad_mac: denied(401, "The proof does not verify."),
  bad_digest: denied(401, "The body is not the one that was proved."),
  wrong_audience: denied(401, "The proof is for another service."),
  stale: denied(401, "The proof is outside its time window."),
  unknown_epoch: denied(401, "The key of the proof is not known here.", true),
  weak_proof: denied(401, "The destination asks for a stronger proof."),
  revoked: denied(401, "The identity is revoked."),
  replay: denied(409, "The proof was used before."),
  via_relay_refused: denied(403, "The destination refuses calls through the relay."),
  denied: denied(403, "Policy denies the call."),
  not_synced: unavailable("NC", "The destination has no fresh state to decide with."),
  bad_answer: local(502, "UPE", "http_protocol_error", "The answer's proof does not verify."),
  no_keys: misconfigured(503, "NC", "No key for the destination is known yet."),
  mesh_error: local(500, "UPE", "proxy_internal_error", "The mesh failed to handle the call."),
  upstream_status: upstream(
    0,
    "-",
    "http_response_incomplete",
    "The endpoint answered with a failure status.",
    true,
  ),
  upstream_threw: upstream(502, "UF", lost, "The endpoint threw before it answered."),
  upstream_overloaded: upstream(
    503,
    "UO",
    "connection_limit_reached",
    "The platform says the endpoint is overloaded.",
  ),
  upstream_reset: upstream(503, "UF", lost, "The platform lost the endpoint.", true),
  upstream_hung: upstream(504, "UT", late, "The platform found the endpoint hung.", true),
  client_abort: upstream(0, "DC", lost, "The caller went away."),
};

/** The RFC 9457 problem type URI of a reason; the docs page of the same name explains it. */
export const problemType = (reason: Reason): string => `https://heddle.dev/problems/${reason}`;
