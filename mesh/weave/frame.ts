// One isolate in its frame: captures and patches `env`, makes the isolate and its chains, and weaves exports by their
// kind. What only some Workers need comes in as a part, so that the others do not carry it.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import type { Wiring } from "../contract/wiring.ts";
import type { InboundCall, OutboundCall } from "../pipeline/call.ts";
import { compose, type Chain } from "../pipeline/filter.ts";
import type { Isolate } from "../pipeline/isolate.ts";
import { captureBindings } from "../platform/bindings.ts";
import { createIsolate } from "../platform/isolate.ts";
import { createClient, type Outlet } from "./client.ts";
import { createDev, type DevClass } from "./dev.ts";
import { weaveEntrypoint, type EntrypointClass } from "./entrypoint.ts";
import { weaveHandler } from "./handler.ts";
import type { Inlet, RuntimeContext, Serve } from "./inlet.ts";
import { looksLikeNamespace, namespaceOf } from "./namespace.ts";
import { weaveObject, type ObjectClass } from "./object.ts";

/** One isolate's mesh. */
export interface Runtime {
  /** Wraps one export of the built module by what it is at run time. */
  weave(name: string, value: unknown): unknown;
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

/** What an isolate is made of beside its frame. */
export interface Parts extends Chains {
  /** Null: a request without our props is refused, whatever the wiring says. */
  readonly serveOwn: ServeOwn | null;
  /** Null: no assets stand in front of the default export. */
  readonly withAssets: WithAssets | null;
}

/** Serves a request from outside in a Worker with routes of its own. */
type ServeOwn = (
  isolate: Isolate,
  request: Request,
  ctx: RuntimeContext,
  serve: Serve,
) => Promise<Response>;
/** Puts static assets in front of the default export. */
type WithAssets = (value: unknown, wiring: Wiring, assets: unknown) => unknown;

/** Starts the mesh in this isolate; must run before the application's module is evaluated. */
export function startWith(env: Record<string, unknown>, wiring: Wiring, parts: Parts): Runtime {
  const { serveOwn, withAssets } = parts;
  const bindings = captureBindings(env, wiring);
  const isolate = createIsolate(bindings, wiring);
  const outlet: Outlet = {
    isolate,
    outbound: compose(parts.outbound),
    source: wiring.workload,
    onBehalf: "",
  };
  for (const [name, dialled] of Object.entries(wiring.dialled))
    env[name] = createClient(outlet, dialled);
  for (const name of wiring.objects) {
    const namespace = env[name];
    if (looksLikeNamespace(namespace)) env[name] = namespaceOf(namespace, isolate);
  }
  const inlet: Inlet = {
    isolate,
    wiring,
    inbound: compose(parts.inbound),
    loop: { wiring, outlet },
    fromOutside:
      wiring.ownRoutes && serveOwn !== null
        ? (request, ctx, serve) => serveOwn(isolate, request, ctx, serve)
        : null,
  };
  return {
    weave(name, value) {
      const isFronted = name === "default" && withAssets !== null;
      const served = isFronted ? withAssets(value, wiring, bindings.assets) : value;
      return weaveExport(inlet, name, served);
    },
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
