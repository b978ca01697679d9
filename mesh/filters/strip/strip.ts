// Edge only: nothing a client sends may speak for the mesh.
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";

const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
]);
/** Version steering of the platform is the table's business, not a client's. */
const PLATFORM = new Set([
  "cloudflare-workers-version-key",
  "cloudflare-workers-version-overrides",
]);

/** Drops mesh headers, hop-by-hop headers and those that `Connection` names; `X_Heddle` counts as `x-heddle`. */
export const strip: Filter<OutboundCall> = {
  name: "strip",
  doc: "Drops what only the mesh may say; before anything reads a header.",
  after: ["rescue"],
  wrap: (next) => (call) => {
    if (call.http !== null) stripHeaders(call.http.headers);
    return next(call);
  },
};

/** The same on a plain header object, in place; an upgrade keeps `upgrade` and `connection`. */
export function stripHeaders(headers: Record<string, string>): void {
  const isUpgrade = headers["upgrade"] !== undefined;
  const named = (headers["connection"] ?? "").toLowerCase().split(",");
  for (const name of Object.keys(headers)) {
    const canonical = name.replaceAll("_", "-");
    const isMesh = canonical === "heddle" || canonical.startsWith("heddle-") || canonical.startsWith("x-heddle");
    const isNamed = named.some((nominated) => nominated.trim() === name) && name !== "upgrade";
    if (isMesh || isNamed || PLATFORM.has(name)) delete headers[name];
    if (HOP_BY_HOP.has(name) && !(isUpgrade && name === "connection")) delete headers[name];
  }
}
