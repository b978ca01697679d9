// Owns which headers from outside mean nothing inside: those of the mesh, of one hop, of the platform's steering, of
// whoever forwards, and of the trace, which the edge has read by then and writes anew. What is not reserved is the
// application's and passes.
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
  "workload-identity-token",
  "workload-proof-token",
  "txn-token",
]);
const MESH = /^(?:heddle(?:-|$)|x-heddle)/;
/** What proxies say of where a request came from and what it asked for: a client's word would pass for theirs. */
const RESERVED =
  /^(?:cloudflare-workers-|x-envoy-|x-original-|x-rewrite-url$|(?:x-)?forwarded(?:-|$)|(?:x-real|x-client|x-cluster-client|true-client)-ip$)/;
/** What the platform sets, or strips, on each request from outside; other names of its own are made up. */
const PLATFORM =
  /^cf-(?:connecting-ip(?:v6)?|pseudo-ipv4|ray|visitor|worker|ew-via|ip[a-z]+|region(?:-code)?|metro-code|postal-code|timezone|access-jwt-assertion)$/;

/** How a request came, as the edge knows it. */
export interface Arrival {
  /** Address of the client, as the platform names it; null where it does not. */
  readonly address: string | null;
  readonly url: string;
}

/** Drops them from a plain header object, in place; `X_Heddle` counts as `x-heddle`; an upgrade keeps `upgrade` and `connection`. */
export function stripHeaders(headers: Record<string, string>, url = ""): void {
  const isUpgrade = headers["upgrade"] !== undefined;
  const named = namedIn(headers["connection"] ?? "");
  const arrival = { address: headers["cf-connecting-ip"] ?? null, url };
  for (const name of Object.keys(headers)) {
    const told = isForged(name) ? toldInstead(name, arrival) : undefined;
    const isOfHop = HOP_BY_HOP.has(name) && !(isUpgrade && name === "connection");
    if (typeof told === "string") headers[name] = told;
    else if (told === null || named.has(name) || isOfHop) delete headers[name];
  }
}

/** Headers that `connection` gives out as those of one hop; nobody names away what the platform says of him. */
const namedIn = (connection: string): ReadonlySet<string> =>
  new Set(
    connection
      .toLowerCase()
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "upgrade" && !PLATFORM.test(name)),
  );

/** A header that means something only from inside: the mesh's, the trace's, the platform's, a proxy's. */
export function isForged(name: string): boolean {
  const canonical = name.replaceAll("_", "-");
  return (
    isInner(canonical) ||
    EDGE.has(canonical) ||
    RESERVED.test(canonical) ||
    (canonical.startsWith("cf-") && !PLATFORM.test(name))
  );
}

/** A header of the mesh: nobody outside gets to see it. */
export const isInner = (name: string): boolean => MESH.test(name.replaceAll("_", "-"));

/** What is known in place of what a client says of itself; null: nothing. */
export function toldInstead(name: string, { address, url }: Arrival): string | null {
  if (name === "x-forwarded-for" || name === "x-real-ip") return address;
  if (url === "") return null;
  if (name === "x-forwarded-proto") return url.slice(0, url.indexOf(":"));
  return name === "x-forwarded-host" ? new URL(url).host : null;
}
