// Redirects that a caller wants followed: each hop is a call of its own through the chain, by the runtime's own rules.
import type { HttpParts } from "../pipeline/call.ts";
import { locate, type ParsedFetch } from "./parts.ts";

const MOST_REDIRECTS = 20;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

type Send = (parts: HttpParts) => Promise<Response>;

/** Whether an answer sends its caller elsewhere. */
export const isRedirect = (response: Response): boolean =>
  REDIRECTS.has(response.status) && response.headers.has("location");

/** Follows from a first answer that is a redirect. */
export async function follow(
  first: ParsedFetch,
  answered: Response,
  send: Send,
): Promise<Response> {
  let { parts } = first;
  let response = answered;
  const urls = [parts.url];
  while (isRedirect(response)) {
    if (urls.length > MOST_REDIRECTS) throw new TypeError(`Too many redirects.${urls.join(", ")}`);
    await response.body?.cancel();
    parts = nextHop(parts, first.spare, response);
    urls.push(parts.url);
    response = await send(parts);
  }
  return asRedirected(response);
}

function nextHop(parts: HttpParts, spare: Request | null, response: Response): HttpParts {
  const url = URL.parse(response.headers.get("location") ?? "", parts.url);
  if (url === null || url.host === "")
    throw new TypeError("Invalid Location header; unable to follow redirect.");
  url.hash = "";
  const isToGet = becomesGet(response.status, parts.method);
  const headers = { ...parts.headers };
  if (isToGet) delete headers["content-length"];
  if (url.origin !== new URL(parts.url).origin && isStripped()) delete headers["authorization"];
  const next = { ...parts, ...locate(url), headers };
  return isToGet ? { ...next, method: "GET", body: null, replayable: true } : again(next, spare);
}

const becomesGet = (status: number, method: string): boolean =>
  status === 303 ? method !== "GET" && method !== "HEAD" : status < 303 && method === "POST";

function again(parts: HttpParts, spare: Request | null): HttpParts {
  if (parts.replayable) return parts;
  if (spare === null)
    throw new TypeError(
      "A request with a one-time-use body (it was initialized from a stream, not a buffer) encountered a redirect requiring the body to be retransmitted. To avoid this error in the future, construct this request from a buffer-like body initializer.",
    );
  return { ...parts, body: spare.clone().body };
}

/** By compatibility date; where the runtime does not say, the careful way. */
function isStripped(): boolean {
  const flags: unknown = Reflect.get(
    (Reflect.get(globalThis, "Cloudflare") as object | undefined) ?? {},
    "compatibilityFlags",
  );
  return typeof flags !== "object" || flags === null || Reflect.get(flags, FLAG) !== false;
}

const FLAG = "strip_authorization_on_cross_origin_redirect";

let redirected: object | undefined;

/** Says that it was redirected, without a property of its own. */
function asRedirected(response: Response): Response {
  redirected ??= Object.create(Response.prototype, {
    redirected: { configurable: true, enumerable: true, get: () => true },
    clone: {
      configurable: true,
      enumerable: true,
      writable: true,
      value(this: Response): Response {
        return asRedirected(Response.prototype.clone.call(this));
      },
    },
  }) as object;
  return Object.setPrototypeOf(response, redirected) as Response;
}
