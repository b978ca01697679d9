// The relay's entrypoint: both ends of a call for Workers that do not speak the mesh's envelope.
import { WorkerEntrypoint } from "cloudflare:workers";
import { outbound } from "../chains/outbound.ts";
import { HEDDLE, TRACEPARENT } from "../contract/headers.ts";
import type { Dialled } from "../contract/wiring.ts";
import { readTraceparent, unpackContext } from "../pipeline/context.ts";
import { compose } from "../pipeline/filter.ts";
import type { Isolate, Scope, Tagged } from "../pipeline/isolate.ts";
import { HeddleError, problem } from "../pipeline/problem.ts";
import { createClient, type Outlet } from "./client.ts";
import type { EntrypointClass } from "./entrypoint.ts";
import type { Runtime } from "./frame.ts";
import { heddleProps, propOf } from "./hand-on.ts";
import { takeFetch, takeRpc } from "./inlet.ts";
import { entryScope, inScope, scopeOf } from "./scope.ts";

type Client = Record<string, (...args: readonly unknown[]) => Promise<unknown>> & {
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
};

/** Names the runtime probes on every instance; a relay forwards none of them. */
const PROBED = new Set([
  "fetch",
  "connect",
  "tail",
  "tailStream",
  "trace",
  "scheduled",
  "queue",
  "email",
  "test",
  "alarm",
  "self",
  "then",
  "webSocketMessage",
  "webSocketClose",
  "webSocketError",
  "dup",
  "constructor",
  "dispatch",
  "env",
  "ctx",
]);

/** Makes the class; without a runtime it refuses everything. */
export function createRelay(runtime: Runtime | null): EntrypointClass {
  const onward = runtime === null ? null : onwardOf(runtime.outlet);
  class Relay extends WorkerEntrypoint {
    override async fetch(request: Request): Promise<Response> {
      if (runtime === null || onward === null) return problem("no_table", "", false);
      const from = sourceOf(this.ctx);
      if (from !== null) {
        if (await isOut(runtime, this.ctx, from)) return problem("revoked", "", true);
        const scope = handedOn(runtime.outlet.isolate, request.headers, this.ctx);
        return inScope(scope, () => clientFor(runtime, from).fetch(request));
      }
      return takeFetch(runtime.inlet, "", this.ctx, request, async (settled) => {
        const target = targetOf(runtime.outlet.isolate, settled.headers.get(HEDDLE) ?? "");
        if (target === null) return problem("not_bound", "", true);
        return clientTo(onward, this.ctx, target).fetch(settled);
      });
    }
    async dispatch(...args: readonly unknown[]): Promise<unknown> {
      if (runtime === null || onward === null) return { heddleRefused: "no_table" };
      const from = sourceOf(this.ctx);
      // A plain caller's own word is no envelope, whatever it looks like.
      if (from !== null) return memberFor(runtime, this.ctx, "dispatch")(...args);
      return takeRpc(
        runtime.inlet,
        "",
        this.ctx,
        args[0],
        async ({ path, args: given }, envelope) => {
          const target = targetOf(runtime.outlet.isolate, envelope);
          if (target === null) return { heddleRefused: "not_bound" };
          return perform(clientTo(onward, this.ctx, target), path, given);
        },
      );
    }
  }
  // Any other name is a member that a plain caller uses of the service it dialled.
  const forward = new Proxy(WorkerEntrypoint.prototype, {
    get(target, name, self) {
      if (typeof name === "symbol" || PROBED.has(name))
        return Reflect.get(target, name, self) as unknown;
      return memberFor(runtime, (self as { ctx: ExecutionContext }).ctx, name);
    },
  });
  Object.setPrototypeOf(Relay.prototype, forward);
  return Relay;
}

/** To the endpoint that a caller's mesh has chosen; repeating a call is for that mesh, not for the relay. */
const onwardOf = (outlet: Outlet): Outlet => ({
  ...outlet,
  isolate: uncounted(outlet.isolate),
  outbound: compose({
    ...outbound,
    filters: outbound.filters.filter(({ name }) => name !== "retry"),
  }),
});

/** The same isolate, which leaves it to the caller's mesh to count and log what is handed on. */
const uncounted = (isolate: Isolate): Isolate =>
  Object.assign(Object.create(isolate) as Isolate, {
    record: () => undefined,
    attempted: () => undefined,
  });

interface Source extends Tagged {
  readonly source: string;
  readonly dialled: Dialled;
}

/** The one place a plain caller is read: the props of its binding. */
function sourceOf(ctx: object): Source | null {
  const { source, dialled } = heddleProps(ctx) ?? {};
  if (typeof source !== "string" || typeof dialled !== "object" || dialled === null) return null;
  return { source, dialled: dialled as Dialled, tag: () => propOf(ctx, "tag") };
}

/** The callee cannot tell which version of a plain caller calls: its props end here. */
async function isOut({ outlet }: Runtime, ctx: ExecutionContext, from: Source): Promise<boolean> {
  await outlet.isolate.ready(ctx);
  return outlet.isolate.isRevoked(from.source, from);
}

const clientFor = ({ outlet }: Runtime, { source, dialled }: Source): Client =>
  createClient({ ...outlet, source, onBehalf: source }, dialled) as Client;

type Member = ((...args: readonly unknown[]) => Promise<unknown>) & Pick<Promise<unknown>, "then">;

/**
 * A member as a plain caller uses it: called, it is a method; awaited, as the runtime does with what is read, a value;
 * and what lies below it the runtime looks for among a function's own properties.
 */
function memberFor(
  runtime: Runtime | null,
  ctx: ExecutionContext,
  ...path: readonly string[]
): Member {
  const ask = async (args: readonly unknown[] | null): Promise<unknown> => {
    const from = sourceOf(ctx);
    if (runtime === null || from === null)
      throw new TypeError(`The RPC receiver does not implement the method "${path[0]}".`);
    if (await isOut(runtime, ctx, from)) throw new HeddleError("revoked");
    const client = clientFor(runtime, from);
    const scope = entryScope(runtime.outlet.isolate, ctx);
    return inScope(scope, () => perform(client, path, args));
  };
  const called = (...args: readonly unknown[]): Promise<unknown> => ask(args);
  const then: Member["then"] = (resolve, reject) => ask(null).then(resolve, reject);
  const below = (name: string | symbol): unknown => {
    if (name === "then") return then;
    return typeof name === "symbol" ? undefined : memberFor(runtime, ctx, ...path, name);
  };
  return new Proxy(called, {
    get: (_called, name) => below(name),
    has: (_called, name) => typeof name === "string",
    getOwnPropertyDescriptor: (_called, name) => ({ value: below(name), configurable: true }),
  }) as Member;
}

async function perform(
  client: Client,
  path: readonly string[],
  args: readonly unknown[] | null,
): Promise<unknown> {
  let at: unknown = client;
  for (const name of path) at = Reflect.get(at as object, name);
  return args === null ? at : (at as Member)(...args);
}

/** A plain Worker's own calls continue the context it was called with, as far as it handed the headers on. */
function handedOn(isolate: Isolate, headers: Headers, ctx: ExecutionContext): Scope {
  const context = contextOf(isolate, headers.get(HEDDLE) ?? "");
  if (context !== null) return scopeOf({ ...context, onBehalf: "", to: "" }, ctx);
  const scope = entryScope(isolate, ctx);
  const trace = readTraceparent(headers.get(TRACEPARENT) ?? "");
  return trace === null ? scope : scopeOf({ ...scope.context, ...trace }, ctx);
}

const contextOf = (isolate: Isolate, envelope: string): ReturnType<typeof unpackContext> =>
  unpackContext(envelope.split("|")[0] ?? "", isolate.now());

/** Where a woven caller's mesh wants the call to go. */
function targetOf(isolate: Isolate, envelope: string): Dialled | null {
  const [endpoint = "", entrypoint] = (contextOf(isolate, envelope)?.to ?? "").split(" ");
  return endpoint === "" ? null : { service: "", entrypoint: entrypoint ?? null, endpoint };
}

/** Speaks for the caller that was just authenticated, which is who its binding's props attest. */
function clientTo(onward: Outlet, ctx: object, target: Dialled): Client {
  const source = propOf(ctx, "workload");
  return createClient({ ...onward, source, onBehalf: source }, target) as Client;
}
