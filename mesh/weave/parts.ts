// From `fetch` arguments to the parts a fresh request is built from; no Request and no Headers is made on the way.
import type { HttpParts } from "../pipeline/call.ts";

/** The parts, and whether the caller wants redirects followed. */
export interface ParsedFetch {
  readonly parts: HttpParts;
  readonly redirect: "follow" | "manual" | "error";
}

/** Reads `fetch(input, init)`; throws what fetch throws for arguments it does not take. */
export function parseFetch(input: RequestInfo | URL, init: RequestInit | undefined): ParsedFetch {
  if (input instanceof Request)
    return init === undefined ? fromRequest(input) : fromRequest(new Request(input, init));
  if (init !== undefined && isOwnType(init.body)) return fromRequest(new Request(input, init));
  return fromInit(String(input), init ?? {});
}

/** Bodies whose content type the runtime computes: left to the runtime. */
function isOwnType(body: unknown): boolean {
  return body instanceof FormData || body instanceof URLSearchParams || body instanceof Blob;
}

function fromInit(input: string, init: RequestInit): ParsedFetch {
  const body = init.body ?? null;
  const headers = plainHeaders(init.headers);
  if (typeof body === "string" && headers["content-type"] === undefined)
    headers["content-type"] = "text/plain;charset=UTF-8";
  return {
    parts: {
      ...locateText(input),
      method: canonicalMethod(init.method ?? "GET"),
      headers,
      body,
      replayable: !(body instanceof ReadableStream),
      signal: init.signal ?? null,
      cf: "cf" in init ? init.cf : undefined,
    },
    redirect: redirectOf(init.redirect),
  };
}

/** A request as it came or was made; its body is a stream and cannot be sent twice. */
export function fromRequest(request: Request): ParsedFetch {
  const headers: Record<string, string> = {};
  for (const [name, value] of request.headers) headers[name] = value;
  return {
    parts: {
      ...locateText(request.url),
      method: request.method,
      headers,
      body: request.body,
      replayable: request.body === null,
      signal: request.signal,
      cf: request.cf,
    },
    redirect: redirectOf(request.redirect),
  };
}

/** The parts of the next hop of a followed redirect (Fetch standard, HTTP-redirect fetch). */
export function redirected(parts: HttpParts, status: number, location: string): HttpParts {
  const url = new URL(location, parts.url);
  const isToGet =
    ((status === 301 || status === 302) && parts.method === "POST") ||
    (status === 303 && parts.method !== "GET" && parts.method !== "HEAD");
  const headers = { ...parts.headers };
  if (isToGet) for (const name of BODY_HEADERS) delete headers[name];
  if (url.host !== new URL(parts.url).host) delete headers["authorization"];
  return {
    ...parts,
    ...locate(url),
    headers,
    method: isToGet ? "GET" : parts.method,
    body: isToGet ? null : parts.body,
  };
}

const BODY_HEADERS = [
  "content-type",
  "content-length",
  "content-encoding",
  "content-language",
  "content-location",
];

type Location = Pick<HttpParts, "url" | "host" | "port" | "path" | "query">;

/** URLs that a parser would leave as they are: no dot segments, escapes, credentials or fragments to think about. */
const PLAIN =
  /^(https?):\/\/([a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::([1-9]\d{0,4}))?(\/[\w~/-]*)(?:\?([\w~.&=+%/-]*))?$/;
const NUMERIC_HOST = /(?:^|\.)\d+$/;

/** Slices what is plain, parses the rest. */
function locateText(text: string): Location {
  const found = PLAIN.exec(text);
  const [, scheme, host = "", port, path = "/", query = ""] = found ?? [];
  if (found === null || NUMERIC_HOST.test(host)) return locate(new URL(text));
  const usual = scheme === "https" ? 443 : 80;
  if (port !== undefined && Number(port) === usual) return locate(new URL(text));
  return { url: text, host, port: port === undefined ? usual : Number(port), path, query };
}

function locate(url: URL): Location {
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  return {
    url: url.href,
    host: url.hostname,
    port,
    path: url.pathname,
    query: url.search.slice(1),
  };
}

function plainHeaders(given: RequestInit["headers"]): Record<string, string> {
  const headers: Record<string, string> = {};
  if (given === undefined) return headers;
  if (given instanceof Headers || Array.isArray(given)) {
    for (const [name, value] of new Headers(given)) headers[name] = value;
    return headers;
  }
  for (const name of Object.keys(given)) {
    const value = (given as Record<string, string>)[name];
    if (value !== undefined) headers[name.toLowerCase()] = String(value);
  }
  return headers;
}

const NORMAL = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]);

function canonicalMethod(method: string): string {
  const upper = method.toUpperCase();
  return NORMAL.has(upper) ? upper : method;
}

function redirectOf(redirect: string | undefined): ParsedFetch["redirect"] {
  return redirect === "manual" || redirect === "error" ? redirect : "follow";
}
