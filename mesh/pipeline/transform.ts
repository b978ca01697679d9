// Owns what a Transform of the table does to a request and its answer (Gateway API: header modifiers, URLRewrite,
// RequestRedirect); for a rule once per call, for a backend once per attempt.
import type { DirectAnswer, HeaderChange, Redirect, Transform } from "../contract/rule.ts";
import type { HttpParts, OutboundCall } from "./call.ts";
import type { Next } from "./filter.ts";
import { toLate } from "./late.ts";
import { answer, type Outcome } from "./outcome.ts";

/** Sends the call changed, or answers its redirect; cross-origin rules see the request as it came, and every answer. */
export async function transformed(
  call: OutboundCall,
  change: Transform,
  next: Next<OutboundCall>,
): Promise<Outcome> {
  if (call.http === null || change.cors === undefined) return carriedOut(call, change, next);
  return toLate(call.isolate.late()?.cors, call, change.cors, (marked) =>
    carriedOut(marked, change, next),
  );
}

/** Afterwards the call's request is again the one that came. */
async function carriedOut(
  call: OutboundCall,
  change: Transform,
  next: Next<OutboundCall>,
): Promise<Outcome> {
  const given = call.http;
  if (given === null) return next(call);
  const { redirect, response } = change;
  if (change.answer !== undefined) return changed(direct(change.answer), response);
  if (redirect !== undefined) return changed(redirected(call, given, change, redirect), response);
  const sent = requestOf(given, change);
  call.http = sent;
  const outcome = await next(call);
  // The body was perhaps read on the way, and can be only once.
  const { body, replayable } = call.http;
  call.http = { ...given, body, replayable };
  return changed(outcome, response);
}

/** The outcome with its answer's headers changed; a copy, since those of an answer cannot be. */
export function changed(outcome: Outcome, change: HeaderChange | undefined): Outcome {
  if (change === undefined || outcome.kind !== "answer") return outcome;
  const given = outcome.value as Response;
  const response = new Response(given.body, given);
  const { headers } = response;
  for (const name of change.remove ?? NONE) headers.delete(name);
  for (const [name, value] of change.set ?? NONE) headers.set(name, value);
  for (const [name, value] of change.add ?? NONE) {
    const old = name === "set-cookie" ? null : headers.get(name);
    if (old === null) headers.append(name, value);
    else headers.set(name, `${old},${value}`);
  }
  return answer(response, outcome.status);
}

const NONE: readonly never[] = [];

function requestOf(http: HttpParts, change: Transform): HttpParts {
  const headers = { ...http.headers };
  const { remove, set, add } = change.request ?? {};
  for (const name of remove ?? NONE) delete headers[name];
  for (const [name, value] of set ?? NONE) headers[name] = value;
  for (const [name, value] of add ?? NONE) {
    const old = headers[name];
    headers[name] = old === undefined ? value : `${old},${value}`;
  }
  const { host } = change;
  const path = pathOf(http, change);
  if (host === undefined) {
    const origin = http.url.slice(0, http.url.indexOf("/", AUTHORITY));
    return { ...http, headers, path, url: origin + path + searchOf(http) };
  }
  const scheme = schemeOf(http);
  const url = `${scheme}://${host}${path}${searchOf(http)}`;
  return { ...http, headers, path, url, host, port: usualPort(scheme) };
}

/** Where the authority of a URL has begun, at the latest. */
const AUTHORITY = 8;

function pathOf({ path: given }: HttpParts, { path, cut, rewrite }: Transform): string {
  if (rewrite !== undefined) return rewritten(given, rewrite);
  return path === undefined ? given : path + (cut === undefined ? "" : given.slice(cut)) || "/";
}

/** A path stays one: it begins with a slash and holds nothing that would end it. */
function rewritten(path: string, { pattern, to }: NonNullable<Transform["rewrite"]>): string {
  let compiled = patterns.get(pattern);
  if (compiled === undefined) {
    const isFolded = pattern.startsWith("(?i)");
    compiled = new RegExp(isFolded ? pattern.slice(4) : pattern, isFolded ? "gi" : "g");
    patterns.set(pattern, compiled);
  }
  const made = path.replace(compiled, to).replaceAll("?", "%3F").replaceAll("#", "%23");
  return made.startsWith("/") ? made : `/${made}`;
}

const patterns = new Map<string, RegExp>();

const direct = ({ status, body, type }: DirectAnswer): Outcome =>
  answer(
    new Response(body ?? null, {
      status,
      headers: body === undefined ? {} : { "content-type": type },
    }),
    status,
  );

const searchOf = ({ query }: HttpParts): string => (query === "" ? "" : `?${query}`);
const schemeOf = ({ url }: HttpParts): string => url.slice(0, url.indexOf(":"));
const usualPort = (scheme: string): number => (scheme === "https" ? 443 : 80);

const isPortKept = ({ scheme, samePort }: Omit<Redirect, "status">): boolean =>
  scheme === undefined || samePort === true;

/** The port is left out where it is the scheme's own; the listener's counts only where no scheme is set. */
function redirected(
  call: OutboundCall,
  http: HttpParts,
  change: Transform,
  { status, ...to }: Redirect,
): Outcome {
  const came = call.listener;
  const listener = call.isolate
    .table()
    ?.gateways()
    ?.listeners.find(({ gateway, port }) => gateway === came?.gateway && port === came.port);
  const scheme = to.scheme ?? listener?.protocol.toLowerCase() ?? schemeOf(http);
  const usual = usualPort(scheme);
  const port = to.port ?? (isPortKept(to) ? (came?.port ?? http.port) : usual);
  const authority = (change.host ?? http.host) + (port === usual ? "" : `:${port}`);
  const location = `${scheme}://${authority}${pathOf(http, change)}${searchOf(http)}`;
  return answer(new Response(null, { status, headers: { location } }), status);
}
