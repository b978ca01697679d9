// One isolate in its frame: captures and patches `env`, makes the isolate and its chains, and weaves exports by their
// kind. What only some Workers need comes in as a part, so that the others do not carry it.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import type { AssetsWiring, Wiring } from "../contract/wiring.ts";
import type { InboundCall, OutboundCall } from "../pipeline/call.ts";
import { compose, type Chain } from "../pipeline/filter.ts";
import type { Isolate } from "../pipeline/isolate.ts";
import type { WholeLate } from "../platform/late.ts";
import { captureBindings } from "../platform/bindings.ts";
import { createIsolate, type MeshIsolate } from "../platform/isolate.ts";
import type { Front } from "./assets.ts";
import { createClient, type Outlet } from "./client.ts";
import type { DevClass } from "./dev.ts";
import type { EntrypointClass } from "./entrypoint.ts";
import { traceGlobalFetch } from "./global-fetch.ts";
import type { Loop } from "./hand-on.ts";
import { weaveHandler } from "./handler.ts";
import type { Inlet, RuntimeContext, Serve } from "./inlet.ts";
import { withLate } from "./load-late.ts";
import type { WeaveNamespace } from "./namespace.ts";
import type { ObjectClass } from "./object.ts";
import type { CreateQueues } from "./queue.ts";

/** One isolate's mesh. */
export interface Runtime {
  /** Wraps one export of the built module by what it is at run time. */
  weave(name: string, value: unknown): unknown;
  /** Dev only: the entrypoint by which dev pokes and resets this isolate. */
  readonly dev: DevClass | null;
  readonly outlet: Outlet;
  readonly inlet: Inlet;
}

/** The chains an isolate runs; other ones than the mesh's own are for benchmarks that leave a filter out. */
export interface Chains {
  readonly outbound: Chain<OutboundCall>;
  readonly inbound: Chain<InboundCall>;
}

/** What only some Workers need; null where it is left out. */
export interface Parts {
  /** Without it a request without our props is refused, whatever the wiring says. */
  readonly serveOwn: ServeOwn | null;
  readonly assetsInFront: ((assets: unknown, how: AssetsWiring) => Front | null) | null;
  readonly objects: ObjectParts | null;
  /** Without it an entrypoint class is refused where it would be woven. */
  readonly weaveEntrypoint:
    | ((inlet: Inlet, name: string, inner: EntrypointClass) => EntrypointClass)
    | null;
  readonly createDev: ((isolate: MeshIsolate) => DevClass) | null;
  readonly loopbackExports: Loop["loopbackExports"];
  readonly shareExports: ((loop: Loop) => void) | null;
  /** Without it no queue carries the context, whatever the wiring says. */
  readonly createQueues: CreateQueues | null;
}

/** How Durable Objects carry the context. */
export interface ObjectParts {
  readonly weaveObject: (inlet: Inlet, inner: ObjectClass) => ObjectClass;
  readonly weaveNamespace: WeaveNamespace;
}

/** Serves a request from outside in a Worker with routes of its own. */
type ServeOwn = (
  isolate: Isolate,
  request: Request,
  ctx: RuntimeContext,
  serve: Serve,
) => Promise<Response>;

/** Starts the mesh in this isolate; must run before the application's module is evaluated. */
export function startWith(
  env: Record<string, unknown>,
  wiring: Wiring,
  chains: Chains,
  parts: Parts,
): Runtime {
  const {
    serveOwn,
    assetsInFront,
    objects,
    createDev,
    createQueues,
    loopbackExports,
    shareExports,
  } = parts;
  const bindings = captureBindings(env, wiring);
  const isolate = createIsolate(bindings, wiring, loadLate);
  traceGlobalFetch(isolate);
  const outlet: Outlet = {
    isolate,
    outbound: compose(chains.outbound),
    source: wiring.workload,
    onBehalf: "",
  };
  const weaveNamespace = objects?.weaveNamespace ?? null;
  patch(env, wiring, outlet, weaveNamespace);
  const loop: Loop = { wiring, outlet, weaveNamespace, loopbackExports };
  shareExports?.(loop);
  const inlet: Inlet = {
    isolate,
    wiring,
    inbound: compose(chains.inbound),
    loop,
    fromOutside:
      wiring.ownRoutes && serveOwn !== null
        ? (request, ctx, serve) => serveOwn(isolate, request, ctx, serve)
        : null,
    openBatch: createQueues?.(isolate, wiring, env),
    front: (wiring.assets && assetsInFront?.(bindings.assets, wiring.assets)) ?? null,
  };
  return {
    weave: (name, value) => weaveExport(inlet, parts, name, value),
    dev: createDev?.(isolate) ?? null,
    outlet,
    inlet,
  };
}

const loadLate = async (): Promise<WholeLate> => withLate(({ late }) => late);

/** Puts ours in the place of the user's bindings into the mesh. */
function patch(
  env: Record<string, unknown>,
  { dialled, objects }: Wiring,
  outlet: Outlet,
  weaveNamespace: WeaveNamespace | null,
): void {
  for (const [name, to] of Object.entries(dialled)) env[name] = createClient(outlet, to);
  if (weaveNamespace === null) return;
  for (const name of objects) env[name] = weaveNamespace(env[name], outlet.isolate) ?? env[name];
}

/** Entrypoints, handler objects and objects are wrapped; what the platform cannot bind to is left as it is. */
function weaveExport(
  inlet: Inlet,
  { objects, weaveEntrypoint }: Parts,
  name: string,
  value: unknown,
): unknown {
  if (typeof value === "object" && value !== null) return weaveHandler(inlet, name, value);
  if (typeof value !== "function") return value;
  const prototype: unknown = value.prototype;
  if (prototype instanceof WorkerEntrypoint) {
    if (weaveEntrypoint === null) throw new Error(`${name} is a class that weaving did not find`);
    return weaveEntrypoint(inlet, name, value as EntrypointClass);
  }
  return prototype instanceof DurableObject && objects !== null
    ? objects.weaveObject(inlet, value as ObjectClass)
    : value;
}
