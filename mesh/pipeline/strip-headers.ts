// Owns which headers from outside mean nothing inside: those of the mesh, of one hop, and of the platform's steering.

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

/** Drops them from a plain header object, in place; `X_Heddle` counts as `x-heddle`; an upgrade keeps `upgrade` and `connection`. */
export function stripHeaders(headers: Record<string, string>): void {
  const isUpgrade = headers["upgrade"] !== undefined;
  const named = (headers["connection"] ?? "").toLowerCase().split(",");
  for (const name of Object.keys(headers)) {
    const canonical = name.replaceAll("_", "-");
    const isMesh =
      canonical === "heddle" || canonical.startsWith("heddle-") || canonical.startsWith("x-heddle");
    const isNamed = named.some((nominated) => nominated.trim() === name) && name !== "upgrade";
    if (isMesh || isNamed || PLATFORM.has(name)) delete headers[name];
    if (HOP_BY_HOP.has(name) && !(isUpgrade && name === "connection")) delete headers[name];
  }
}
