// Owns every header name the mesh writes or reads on the wire.

/** The packed context and proof of one hop: `context|proof` (docs/wire.md). */
export const HEDDLE = "heddle";
/** The answer's MAC at level `request`. */
export const HEDDLE_ANSWER = "heddle-answer";
/** The reason of an answer the callee's mesh made, for the caller's mesh only. */
export const HEDDLE_REASON = "heddle-reason";
/** The cookie that keeps a browser's cohort. */
export const COHORT_COOKIE = "heddle-cohort";
/** Dev only: names the Gateway listener a loopback port stands for: `key gateway-ns/gateway/listener-name/port`. */
export const HEDDLE_LISTENER = "heddle-listener";
export const TRACEPARENT = "traceparent";
/** Where a workload identity token travels, in calls between meshes. */
export const IDENTITY_TOKEN = "workload-identity-token";
export const TRACESTATE = "tracestate";
export const BAGGAGE = "baggage";
export const PROXY_STATUS = "proxy-status";
/** In place of a proof on a loopback binding, whose props carry the weaving's own secret. */
export const LOOPBACK_PROOF = "1~l";
