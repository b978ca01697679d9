// From `fetch` arguments to the parts a fresh request is built from; no Request and no Headers is made on the way.
import type { HttpParts } from "../pipeline/call.ts";
import { isPlain } from "./within.ts";

/** The parts, and whether the caller wants redirects followed. */
export interface ParsedFetch {
  readonly parts: HttpParts;
  readonly follows: boolean;
  /** What a followed redirect sends again where the parts hold a stream; null where it cannot. */
  readonly spare: Request | null;
}

/**
 * Reads `fetch(input, init)`; what is not plain is left to the runtime's own Request, which throws what it throws.
 * Null: the runtime's own `fetch` has an answer to it without sending anything.
 */
export function parseFetch(
  input: RequestInfo | URL,
  init: RequestInit | undefined,
): ParsedFetch | null {
  if (typeof input === "string" || input instanceof URL) {
    const plain = fromPlain(String(input), init);
    if (plain !== null) return plain;
  }
  const isAsIs = input instanceof Request && init === undefined && !input.bodyUsed;
  const request = isAsIs ? input : new Request(input, init);
  // What is no http goes nowhere; the runtime has its own answer to it.
  if (!HTTP.test(request.url)) return null;
  // Before the body is taken: a copy of it puts another in its place.
  const spare = spareOf(request, init);
  return { ...fromRequest(request, init), spare };
}

/** Null for whatever the runtime might refuse, or knows how to read better. */
function fromPlain(input: string, init: RequestInit | undefined): ParsedFetch | null {
  if (init === undefined) return fromInit(input, {}, {});
  if (!isPlainInit(init)) return null;
  const headers = plainHeaders(init.headers);
  return headers === null ? null : fromInit(input, init, headers);
}

const isPlainInit = (init: RequestInit | null): init is RequestInit =>
  typeof init === "object" &&
  init !== null &&
  !(init instanceof Request) &&
  !isRare(init) &&
  isPlainRequest(init);

const isPlainRequest = ({
  method = "GET",
  body = null,
  redirect,
  signal = null,
}: RequestInit): boolean =>
  isPlainMethod(method) &&
  isPlainBody(body) &&
  isPlainSignal(signal) &&
  (redirect === undefined || redirect === "follow" || redirect === "manual");

const isRare = ({
  cache,
  integrity,
  encodeResponseBody,
  fetcher,
}: RequestInit & RareInit): boolean =>
  (cache ?? integrity ?? encodeResponseBody ?? fetcher) !== undefined;

const isPlainSignal = (signal: unknown): boolean =>
  signal === null || signal instanceof AbortSignal;

/** Those that are the same in small letters at every compatibility date; PATCH is not. */
const isPlainMethod = (method: unknown): boolean =>
  method === "PATCH" || (typeof method === "string" && METHOD.test(method));
const METHOD = /^(?:GET|HEAD|POST|PUT|DELETE|OPTIONS)$/i;

/** Members of an init that only this runtime reads. */
interface RareInit {
  readonly encodeResponseBody?: unknown;
  readonly fetcher?: unknown;
}

/** Bodies that go out as they are; of the others the runtime makes the content type. */
const isPlainBody = (body: unknown): boolean =>
  body === null ||
  typeof body === "string" ||
  body instanceof ArrayBuffer ||
  ArrayBuffer.isView(body) ||
  body instanceof ReadableStream;

function fromInit(
  input: string,
  init: RequestInit,
  headers: Record<string, string>,
): ParsedFetch | null {
  const location = locateText(input);
  if (location === null) return null;
  const body = init.body ?? null;
  if (typeof body === "string") headers["content-type"] ??= "text/plain;charset=UTF-8";
  return {
    parts: {
      ...location,
      method: init.method?.toUpperCase() ?? "GET",
      headers,
      body,
      replayable: !(body instanceof ReadableStream),
      signal: init.signal ?? null,
      cf: "cf" in init ? init.cf : undefined,
    },
    follows: init.redirect !== "manual",
    spare: null,
  };
}

/** A request as it came or was made; its body is a stream and cannot be sent twice. */
export function fromRequest(request: Request, init?: RequestInit | null): ParsedFetch {
  const headers: Record<string, string> = {};
  for (const [name, value] of request.headers) headers[name] = value;
  const cookies = headers["set-cookie"] === undefined ? NONE : request.headers.getSetCookie();
  const extra = extraOf(request, init);
  return {
    parts: {
      ...(locateText(request.url) ?? locate(new URL(request.url))),
      method: request.method,
      headers,
      body: request.body,
      replayable: request.body === null,
      signal: request.signal,
      cf: request.cf,
      ...(extra === null ? {} : { extra }),
      ...(cookies.length > 1 ? { cookies } : {}),
    },
    follows: request.redirect === "follow",
    spare: null,
  };
}

const NONE: readonly string[] = [];

/** What the runtime is told beside the parts: how it caches, and how it decodes the answer. */
function extraOf(request: Request, init: RequestInit | null | undefined): RequestInit | null {
  const { encodeResponseBody } = (init ?? {}) as RareInit;
  const { cache = "default" } = request as { readonly cache?: unknown };
  const isUsual = cache === "default";
  if (encodeResponseBody === undefined && isUsual) return null;
  return {
    ...(encodeResponseBody === undefined ? {} : { encodeResponseBody }),
    ...(isUsual ? {} : { cache }),
  } as RequestInit;
}

/** A copy of a request whose body is known to be a buffer, which costs no copy of its bytes. */
function spareOf(request: Request, init: RequestInit | undefined): Request | null {
  const body: unknown = init?.body;
  const isBuffer = body instanceof FormData || body instanceof Blob || isParams(body);
  return isBuffer && request.redirect === "follow" ? request.clone() : null;
}

const isParams = (body: unknown): boolean =>
  body instanceof URLSearchParams ||
  (body !== undefined && isPlainBody(body) && !(body instanceof ReadableStream));

export type Location = Pick<HttpParts, "url" | "host" | "port" | "path" | "query">;

/** URLs that a parser would leave as they are: no dot segments, escapes, credentials or fragments to think about. */
const PLAIN =
  /^https?:\/\/[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::[1-9]\d{0,4})?\/[\w~/-]*(?:\?[\w~.&=+%/-]*)?$/;
const NUMERIC_HOST = /(?:^|\.)\d+$/;

/** Slices what is plain, parses the rest; null for what is no http URL. */
function locateText(text: string): Location | null {
  const plain = PLAIN.test(text) ? slices(text) : null;
  if (plain !== null) return plain;
  const url = URL.parse(text);
  return url !== null && HTTP.test(url.href) ? locate(url) : null;
}

/** Null where a parser would write the host or the port in another way. */
function slices(text: string): Location | null {
  const start = text.indexOf("//") + 2;
  const usual = start === "https://".length ? 443 : 80;
  const slash = text.indexOf("/", start);
  const colon = text.indexOf(":", start);
  const hasPort = colon > 0 && colon < slash;
  const port = hasPort ? Number(text.slice(colon + 1, slash)) : usual;
  const host = text.slice(start, hasPort ? colon : slash);
  if ((hasPort && port === usual) || NUMERIC_HOST.test(host)) return null;
  const question = text.indexOf("?", slash);
  const end = question < 0 ? text.length : question;
  return { url: text, host, port, path: text.slice(slash, end), query: text.slice(end + 1) };
}

const HTTP = /^https?:/;

export function locate(url: URL): Location {
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  return {
    url: url.href,
    host: url.hostname,
    port,
    path: url.pathname,
    query: url.search.slice(1),
  };
}

/** Null where a plain object of text by name is not what was given, or a name comes twice. */
function plainHeaders(given: RequestInit["headers"]): Record<string, string> | null {
  if (given === undefined) return {};
  if (given instanceof Headers) return given.has("set-cookie") ? null : Object.fromEntries(given);
  if (typeof given !== "object" || given === null || !isPlain(given)) return null;
  const headers: Record<string, string> = {};
  for (const name of Object.keys(given)) {
    const value: unknown = (given as Readonly<Record<string, unknown>>)[name];
    const lower = name.toLowerCase();
    if (typeof value !== "string" || headers[lower] !== undefined) return null;
    headers[lower] = value;
  }
  return headers;
}
