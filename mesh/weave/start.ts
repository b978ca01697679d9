// Boot of one isolate: captures and patches `env`, makes the isolate and its chains, and weaves exports by their kind.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import { edge } from "../chains/edge.ts";
import { inbound } from "../chains/inbound.ts";
import { outbound } from "../chains/outbound.ts";
import type { Wiring } from "../contract/wiring.ts";
import type { InboundCall, OutboundCall } from "../pipeline/call.ts";
import { compose, type Chain } from "../pipeline/filter.ts";
import { captureBindings } from "../platform/bindings.ts";
import { createIsolate } from "../platform/isolate.ts";
import { withAssets } from "./assets.ts";
import { createClient, type Outlet } from "./client.ts";
import { createDev, type DevClass } from "./dev.ts";
import { weaveEntrypoint, type EntrypointClass } from "./entrypoint.ts";
import { weaveHandler } from "./handler.ts";
import type { Inlet, RuntimeContext } from "./inlet.ts";
import { looksLikeNamespace, namespaceOf } from "./namespace.ts";
import { weaveObject, type ObjectClass } from "./object.ts";
import { serveEdge, serveOwn } from "./outside.ts";

/** One isolate's mesh. */
export interface Runtime {
  /** Wraps one export of the built module by what it is at run time. */
  weave(name: string, value: unknown): unknown;
  /** Serves a request from outside by the table's Gateways. */
  edge(request: Request, ctx: RuntimeContext): Promise<Response>;
  /** Dev only: the entrypoint by which dev pokes and resets this isolate. */
  readonly dev: DevClass;
  readonly outlet: Outlet;
  readonly inlet: Inlet;
}

/** The chains an isolate runs; other ones than the mesh's own are for benchmarks that leave a filter out. */
export interface Chains {
  readonly outbound: Chain<OutboundCall>;
  readonly inbound: Chain<InboundCall>;
}

/** Starts the mesh in this isolate; must run before the application's module is evaluated. */
export function start(
  env: Record<string, unknown>,
  wiring: Wiring,
  chains: Chains = { outbound, inbound },
): Runtime {
  const assets = wiring.assets === null ? undefined : env[wiring.assets.binding];
  const bindings = captureBindings(env, wiring);
  const isolate = createIsolate(bindings, wiring);
  const outlet: Outlet = {
    isolate,
    outbound: compose(chains.outbound),
    source: wiring.workload,
    onBehalf: "",
  };
  const runEdge = compose(edge);
  for (const [name, dialled] of Object.entries(wiring.dialled))
    env[name] = createClient(outlet, dialled);
  for (const name of wiring.objects) {
    const namespace = env[name];
    if (looksLikeNamespace(namespace)) env[name] = namespaceOf(namespace, isolate);
  }
  const inlet: Inlet = {
    isolate,
    wiring,
    inbound: compose(chains.inbound),
    loop: { wiring, outlet },
    fromOutside: (request, ctx, serve) => serveOwn(isolate, request, ctx, serve),
  };
  const weave = (name: string, value: unknown): unknown => weaveExport(inlet, name, value);
  return {
    weave: (name, value) =>
      weave(name, name === "default" ? withAssets(value, wiring, assets) : value),
    edge: (request, ctx) => serveEdge(outlet, runEdge, wiring, request, ctx),
    dev: createDev(isolate),
    outlet,
    inlet,
  };
}

/** Entrypoints, handler objects and objects are wrapped; what the platform cannot bind to is left as it is. */
function weaveExport(inlet: Inlet, name: string, value: unknown): unknown {
  if (typeof value === "object" && value !== null) return weaveHandler(inlet, name, value);
  if (typeof value !== "function") return value;
  const prototype: unknown = value.prototype;
  if (prototype instanceof WorkerEntrypoint)
    return weaveEntrypoint(inlet, name, value as EntrypointClass);
  if (prototype instanceof DurableObject) return weaveObject(inlet, value as ObjectClass);
  return value;
}
