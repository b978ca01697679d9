// The relay's entrypoint. From a Worker that is not woven: the whole outbound chain in its name. From a woven one: the
// inbound chain, then the endpoint its context names, woven or plain, with `onBehalf` (design §3).
import { WorkerEntrypoint } from "cloudflare:workers";
import { HEDDLE, TRACEPARENT } from "../contract/headers.ts";
import type { Dialled } from "../contract/wiring.ts";
import { unpackContext } from "../pipeline/context.ts";
import { problem } from "../pipeline/problem.ts";
import { createClient, type Outlet } from "./client.ts";
import type { EntrypointClass } from "./entrypoint.ts";
import type { Runtime } from "./frame.ts";
import { heddleProps } from "./hand-on.ts";
import { takeFetch, takeRpc } from "./inlet.ts";
import { entryScope, inScope, scopeOf } from "./scope.ts";

type Client = Record<string, (...args: unknown[]) => unknown> & {
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
};
/** A binding to a Worker that is not woven: its own methods, no `dispatch`. */
type PlainBinding = Client;

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
  class Relay extends WorkerEntrypoint {
    override async fetch(request: Request): Promise<Response> {
      if (runtime === null) return problem("no_table", "", false);
      const source = sourceOf(this.ctx);
      if (source !== null) {
        const client = createClient(outletFor(runtime, source.source), source.dialled) as Client;
        return inScope(incoming(runtime, request.headers.get(HEDDLE) ?? "", this.ctx), () =>
          client.fetch(request),
        );
      }
      return takeFetch(runtime.inlet, "", this.ctx, request, (settled) =>
        relayFetch(runtime, settled),
      );
    }
    async dispatch(call: unknown): Promise<unknown> {
      if (runtime === null) return { heddleRefused: "no_table" };
      return takeRpc(runtime.inlet, "", this.ctx, call, ({ path, args }, envelope) =>
        relayRpc(runtime, envelope, path, args),
      );
    }
  }
  // Any other name is a method that a not-woven caller calls on the service it dialled.
  const forward = new Proxy(WorkerEntrypoint.prototype, {
    get(target, name, self) {
      if (typeof name === "symbol" || PROBED.has(name))
        return Reflect.get(target, name, self) as unknown;
      return (...args: unknown[]) =>
        forwardCall(runtime, (self as { ctx: ExecutionContext }).ctx, name, args);
    },
  });
  Object.setPrototypeOf(Relay.prototype, forward);
  return Relay;
}

function forwardCall(
  runtime: Runtime | null,
  ctx: ExecutionContext,
  name: string,
  args: unknown[],
): unknown {
  const source = sourceOf(ctx);
  if (runtime === null || source === null)
    throw new TypeError(`The RPC receiver does not implement the method "${name}".`);
  const client = createClient(outletFor(runtime, source.source), source.dialled) as Client;
  const scope = entryScope(runtime.outlet.isolate, ctx);
  return inScope(scope, async () => client[name]?.(...args));
}

/** The one place a source is read: the props of the caller's binding. */
function sourceOf(ctx: object): { source: string; dialled: Dialled } | null {
  const props = heddleProps(ctx);
  const source = props?.["source"];
  const dialled = props?.["dialled"];
  if (typeof source !== "string" || typeof dialled !== "object" || dialled === null) return null;
  return { source, dialled: dialled as Dialled };
}

const outletFor = (runtime: Runtime, source: string): Outlet => ({
  ...runtime.outlet,
  source,
  onBehalf: source,
});

/** A plain Worker's own calls continue the context it was called with, as far as it handed the header on. */
function incoming(
  runtime: Runtime,
  envelope: string,
  ctx: ExecutionContext,
): ReturnType<typeof entryScope> {
  const context = unpackContext(envelope.split("|")[0] ?? "", runtime.outlet.isolate.now());
  return context === null
    ? entryScope(runtime.outlet.isolate, ctx)
    : scopeOf({ ...context, onBehalf: "", to: "" }, ctx);
}

interface Target {
  readonly worker: string;
  readonly entrypoint: string | null;
  readonly principal: string;
}

function targetOf(runtime: Runtime, envelope: string): Target | null {
  const context = unpackContext(envelope.split("|")[0] ?? "", runtime.outlet.isolate.now());
  const proof = envelope.split("|")[1] ?? "";
  const [worker = "", entrypoint] = (context?.to ?? "").split(" ");
  return worker === ""
    ? null
    : { worker, entrypoint: entrypoint ?? null, principal: proof.split("~")[3] ?? "" };
}

async function relayFetch(runtime: Runtime, request: Request): Promise<Response> {
  const envelope = request.headers.get(HEDDLE) ?? "";
  const target = targetOf(runtime, envelope);
  if (target === null) return problem("not_bound", "", true);
  const plain = plainOf(runtime, target);
  if (plain !== null) return plain.fetch(withTrace(request));
  return clientOf(runtime, target).fetch(request);
}

async function relayRpc(
  runtime: Runtime,
  envelope: string,
  path: readonly string[],
  args: readonly unknown[] | null,
): Promise<unknown> {
  const target = targetOf(runtime, envelope);
  if (target === null) return { heddleRefused: "not_bound" };
  let owner: unknown = plainOf(runtime, target) ?? clientOf(runtime, target);
  for (const name of path.slice(0, -1)) owner = (owner as Record<string, unknown>)[name];
  const name = path.at(-1) ?? "";
  const at = owner as Record<string, (...given: readonly unknown[]) => unknown>;
  return args === null ? at[name] : at[name]?.(...args);
}

const clientOf = (runtime: Runtime, target: Target): Client =>
  createClient(outletFor(runtime, target.principal), {
    service: "",
    entrypoint: target.entrypoint,
    endpoint: target.worker,
  }) as Client;

/** Reach of the relay to plain Workers stands under `plain:`: no envelope is spoken there. */
function plainOf(runtime: Runtime, target: Target): PlainBinding | null {
  const binding = runtime.outlet.isolate.reach(`plain:${target.worker}`, target.entrypoint ?? "");
  return binding === null ? null : (binding as unknown as PlainBinding);
}

/** A plain Worker sees the request as it was sent, and may hand the trace on. */
const withTrace = (request: Request): Request =>
  request.headers.has(TRACEPARENT) ? request : new Request(request);
