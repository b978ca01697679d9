// What stands in `env` for a service binding: `fetch` and RPC through the outbound chain, in the runtime's own shape.
import type { HttpParts, OutboundCall, RpcParts } from "../pipeline/call.ts";
import type { Next } from "../pipeline/filter.ts";
import { newCall, type Speaker } from "../pipeline/new-call.ts";
import type { Outcome } from "../pipeline/outcome.ts";
import { unwrap } from "../pipeline/problem.ts";
import type { Dialled } from "../contract/wiring.ts";
import { isRedirect } from "./follow.ts";
import { withLate } from "./load-late.ts";
import { member } from "./member.ts";
import { argumentsOf } from "./membrane.ts";
import { isIndex, MESHED, NATIVE, ofService, withoutJson } from "./native.ts";
import { parseFetch, type ParsedFetch } from "./parts.ts";
import { currentScope } from "./scope.ts";
import { sentFrom, unsent, type Remote, type Sent } from "./sent.ts";

/** The way out of one Worker: its isolate and its composed outbound chain. */
export interface Outlet extends Speaker {
  readonly outbound: Next<OutboundCall>;
}

type FetchArguments = readonly [input: RequestInfo | URL, init?: RequestInit];

const clients = new WeakMap<object, Client>();

/** A binding to a mesh service: `fetch`, and every other member a remote one. */
export function createClient(outlet: Outlet, dialled: Dialled): object {
  const handler = new Client(outlet, dialled);
  const client = new Proxy(Object.create(ofService) as object, handler);
  clients.set(client, handler);
  return client;
}

class Client implements ProxyHandler<object> {
  readonly outlet: Outlet;
  readonly dialled: Dialled;
  readonly #remote: Remote;
  constructor(outlet: Outlet, dialled: Dialled) {
    this.outlet = outlet;
    this.dialled = dialled;
    this.#remote = {
      call: (path, args) => callRpc(outlet, dialled, path, args),
      get: (path) => callRpc(outlet, dialled, path, null),
    };
  }
  get(own: object, name: string | symbol, self: object): unknown {
    if (name === NATIVE) return MESHED;
    if (Object.hasOwn(own, name)) return Reflect.get(own, name) as unknown;
    if (name === "fetch") return fetch;
    if (typeof name === "symbol" || name in ofService)
      return Reflect.get(ofService, name, self) as unknown;
    if (name === "then" || isIndex(name)) return undefined;
    const found = member(this.#remote, [name], () => this.#native(name));
    return name === "toJSON" ? withoutJson(found as object, {}) : found;
  }
  has(own: object, name: string | symbol): boolean {
    return name in own || !!this.get(own, name, own);
  }
  /** The runtime's own binding, for what only it can say. */
  raw(): object | null {
    const { outlet, dialled } = this;
    const { isolate } = outlet;
    const found = isolate.reach(dialled.service, dialled.entrypoint ?? "", dialled.reach);
    return found ?? isolate.relay();
  }
  #native(name: string): unknown {
    return Reflect.get(this.raw() ?? {}, name) as unknown;
  }
}

/** One function for all bindings, as the runtime's is one of their class. */
const { fetch } = {
  fetch(this: unknown, ...given: readonly unknown[]): Promise<Response> {
    const client = clients.get(this as object);
    return client === undefined
      ? (Reflect.apply(nativeFetch(), this, given) as Promise<Response>)
      : callFetch(client, given as FetchArguments);
  },
};

const nativeFetch = (): (() => unknown) => Reflect.get(ofService, "fetch") as () => unknown;

function callFetch(client: Client, given: FetchArguments): Promise<Response> {
  try {
    const parsed = parse(client, given);
    if (parsed === null)
      return Reflect.apply(nativeFetch(), client.raw(), given) as Promise<Response>;
    const { outlet, dialled } = client;
    const settled = outlet.outbound(callNow(outlet, dialled, parsed.parts, null));
    if (settled instanceof Promise) return settled.then((outcome) => took(client, parsed, outcome));
    return Promise.resolve(took(client, parsed, settled));
  } catch (error) {
    return failing(error);
  }
}

const failing = async (error: unknown): Promise<never> => {
  throw error;
};

/** The answer, or what it redirects to. */
function took(
  { outlet, dialled }: Client,
  parsed: ParsedFetch,
  outcome: Outcome,
): Promise<Response> | Response {
  const response = unwrap(outcome) as Response;
  if (!parsed.follows || !isRedirect(response)) return response;
  return withLate(({ follow }) =>
    follow(parsed, response, (parts) => send(outlet, dialled, parts)),
  );
}

/** Null for what the runtime's own `fetch` refuses too, and in its own words. */
function parse(client: Client, given: FetchArguments): ParsedFetch | null {
  try {
    return parseFetch(given[0], given[1]);
  } catch (error) {
    if (client.raw() === null) throw error;
    return null;
  }
}

async function send(outlet: Outlet, dialled: Dialled, http: HttpParts): Promise<Response> {
  return unwrap(await outlet.outbound(callNow(outlet, dialled, http, null))) as Response;
}

function callRpc(
  outlet: Outlet,
  dialled: Dialled,
  path: readonly string[],
  given: readonly unknown[] | null,
): Sent {
  try {
    const rpc: RpcParts = { path, args: given === null ? null : argumentsOf(given) };
    const call = callNow(outlet, dialled, null, rpc);
    return sentFrom(Promise.resolve(outlet.outbound(call)), unwrap, () => call.sent);
  } catch (error) {
    return unsent(error);
  }
}

/** A call of the running scope. */
const callNow = (
  outlet: Outlet,
  dialled: Dialled,
  http: HttpParts | null,
  rpc: RpcParts | null,
): OutboundCall => newCall(outlet, currentScope(outlet.isolate), dialled, http, rpc);
