// Owns which headers from outside mean nothing inside: those of the mesh, of one hop, of the platform's steering, and
// of the trace, which the edge has read by then and writes anew.
import { BAGGAGE, TRACEPARENT, TRACESTATE } from "../contract/headers.ts";

const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
]);
/** Version steering of the platform is the table's business, not a client's; baggage is the application's. */
const EDGE = new Set([
  BAGGAGE,
  TRACEPARENT,
  TRACESTATE,
  "cloudflare-workers-version-key",
  "cloudflare-workers-version-overrides",
  "workload-identity-token",
  "workload-proof-token",
  "txn-token",
]);

/** Drops them from a plain header object, in place; `X_Heddle` counts as `x-heddle`; an upgrade keeps `upgrade` and `connection`. */
export function stripHeaders(headers: Record<string, string>): void {
  const isUpgrade = headers["upgrade"] !== undefined;
  const named = (headers["connection"] ?? "").toLowerCase().split(",");
  for (const name of Object.keys(headers)) {
    const isNamed = named.some((nominated) => nominated.trim() === name) && name !== "upgrade";
    if (isNamed || isForged(name)) delete headers[name];
    if (HOP_BY_HOP.has(name) && !(isUpgrade && name === "connection")) delete headers[name];
  }
}

/** A header that means something only from inside: the mesh's, the trace's, the platform's steering. */
export function isForged(name: string): boolean {
  const canonical = name.replaceAll("_", "-");
  const isMesh =
    canonical === "heddle" || canonical.startsWith("heddle-") || canonical.startsWith("x-heddle");
  return isMesh || EDGE.has(name);
}
