// What stands in `env` for a service binding: `fetch` and RPC through the outbound chain.
import { randomHex } from "../pipeline/context.ts";
import type { HttpParts, OutboundCall, RpcParts } from "../pipeline/call.ts";
import type { Next } from "../pipeline/filter.ts";
import type { Isolate, Scope } from "../pipeline/isolate.ts";
import type { Outcome } from "../pipeline/outcome.ts";
import { HeddleError } from "../pipeline/problem.ts";
import type { Dialled } from "../contract/wiring.ts";
import { member, type Remote } from "./member.ts";
import { parseFetch, redirected } from "./parts.ts";
import { currentScope } from "./scope.ts";

/** The way out of one Worker: its isolate and its composed outbound chain. */
export interface Outlet {
  readonly isolate: Isolate;
  readonly outbound: Next<OutboundCall>;
  /** Who speaks: the workload itself, or for the relay the workload behind it. */
  readonly source: string;
  readonly onBehalf: string;
}

const MOST_REDIRECTS = 20;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const clients = new WeakSet();

/** Whether a value is a mesh binding; such a value is never sent as an RPC argument. */
export const isClient = (value: unknown): boolean =>
  (typeof value === "object" || typeof value === "function") &&
  value !== null &&
  clients.has(value);

/** A binding to a mesh service: an object with `fetch`, every other member a remote one. */
export function createClient(outlet: Outlet, dialled: Dialled): object {
  const remote: Remote = {
    call: (path, args) => callRpc(outlet, dialled, { path, args }),
    get: (path) => callRpc(outlet, dialled, { path, args: null }),
  };
  const own = {
    fetch: (input: RequestInfo | URL, init?: RequestInit) =>
      callFetch(outlet, dialled, input, init),
  };
  const client = new Proxy(own, {
    get(target, name) {
      if (name === "fetch") return target.fetch;
      if (typeof name === "symbol" || name === "then") return undefined;
      return member(remote, [name]);
    },
  });
  clients.add(client);
  return client;
}

async function callFetch(
  outlet: Outlet,
  dialled: Dialled,
  input: RequestInfo | URL,
  init: RequestInit | undefined,
): Promise<Response> {
  const { parts, redirect } = parseFetch(input, init);
  const scope = currentScope(outlet.isolate);
  const outcome = await outlet.outbound(newCall(outlet, scope, dialled, parts, null));
  const response = unwrap(outcome) as Response;
  if (!REDIRECTS.has(response.status) || redirect === "manual") return response;
  const location = response.headers.get("location");
  if (location === null) return response;
  if (redirect === "error") throw new TypeError("Unexpected redirect.");
  return follow(outlet, dialled, parts, response, location);
}

/** Each hop of a followed redirect is a call of its own through the chain. */
async function follow(
  outlet: Outlet,
  dialled: Dialled,
  first: HttpParts,
  answered: Response,
  to: string,
): Promise<Response> {
  let parts = first;
  let response = answered;
  let location: string | null = to;
  for (let hop = 0; hop < MOST_REDIRECTS && location !== null; hop++) {
    await response.body?.cancel();
    parts = redirected(parts, response.status, location);
    response = await send(outlet, dialled, parts);
    location = REDIRECTS.has(response.status) ? response.headers.get("location") : null;
  }
  if (location !== null) throw new TypeError("Too many redirects.");
  return response;
}

async function send(outlet: Outlet, dialled: Dialled, http: HttpParts): Promise<Response> {
  const scope = currentScope(outlet.isolate);
  const outcome = await outlet.outbound(newCall(outlet, scope, dialled, http, null));
  return unwrap(outcome) as Response;
}

async function callRpc(outlet: Outlet, dialled: Dialled, rpc: RpcParts): Promise<unknown> {
  if (rpc.args?.some(carriesClient) === true) throw new HeddleError("bad_argument");
  const scope = currentScope(outlet.isolate);
  return unwrap(await outlet.outbound(newCall(outlet, scope, dialled, null, rpc)));
}

function carriesClient(value: unknown): boolean {
  if (isClient(value)) return true;
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && !Array.isArray(value)) return false;
  return Object.values(value).some(isClient);
}

function unwrap(outcome: Outcome): unknown {
  if (outcome.kind === "answer") return outcome.value;
  throw outcome.kind === "failure" ? outcome.error : new HeddleError(outcome.reason);
}

/** A call before any filter has decided anything. */
export function newCall(
  outlet: Outlet,
  scope: Scope,
  dialled: Dialled,
  http: HttpParts | null,
  rpc: RpcParts | null,
): OutboundCall {
  return {
    isolate: outlet.isolate,
    scope,
    side: "outbound",
    source: outlet.source,
    dialled,
    http,
    rpc,
    listener: null,
    onBehalf: outlet.onBehalf,
    spanId: randomHex(16, () => outlet.isolate.random()),
    cohort: "",
    deadlineMs: Number.POSITIVE_INFINITY,
    chunk: null,
    rule: null,
    order: NO_BACKENDS,
    backend: null,
    tried: [],
    endpoint: null,
    binding: null,
    envelope: "",
    checkAnswer: null,
    held: [],
    isSeed: false,
    attempts: 0,
    perTryMs: 0,
    attemptEndMs: Number.POSITIVE_INFINITY,
    bypassed: null,
    reason: null,
    detail: "",
  };
}

const NO_BACKENDS: OutboundCall["order"] = [];
