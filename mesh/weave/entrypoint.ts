// A woven WorkerEntrypoint: `fetch` and `dispatch`, and the event handlers the application's own class has.
import { WorkerEntrypoint } from "cloudflare:workers";
import { EVENTS, onlyPlatform } from "./events.ts";
import { handOn } from "./hand-on.ts";
import { eventScope, takeFetch, takeRpc, type Inlet } from "./inlet.ts";
import { inScope } from "./scope.ts";
import { walk } from "./walk.ts";

export type EntrypointClass = new (ctx: ExecutionContext, env: Cloudflare.Env) => WorkerEntrypoint;
type Handler = (...args: readonly unknown[]) => unknown;

/** Wraps the application's class; the inner instance is constructed per call, as the platform does. */
export function weaveEntrypoint(
  inlet: Inlet,
  name: string,
  inner: EntrypointClass,
): EntrypointClass {
  const entrypoint = name === "default" ? "" : name;
  class Woven extends WorkerEntrypoint {
    override fetch(request: Request): Promise<Response> {
      return takeFetch(inlet, entrypoint, this.ctx, request, (settled) => {
        const own = construct(inlet, inner, this.ctx, this.env);
        if (typeof own.fetch !== "function")
          throw new Error("Handler does not export a fetch() function.");
        return own.fetch(settled);
      });
    }
    dispatch(call: unknown): Promise<unknown> {
      return takeRpc(inlet, entrypoint, this.ctx, call, ({ path, args }) =>
        walk(construct(inlet, inner, this.ctx, this.env), path, args),
      );
    }
  }
  for (const event of EVENTS)
    if (typeof Reflect.get(inner.prototype as object, event) === "function")
      Object.defineProperty(Woven.prototype, event, {
        configurable: true,
        value(this: Woven, ...args: readonly unknown[]): unknown {
          onlyPlatform(event, args[0], inlet.wiring.dev === true);
          const own: object = construct(inlet, inner, this.ctx, this.env);
          const handler = Reflect.get(own, event) as Handler;
          return inScope(eventScope(inlet, args[0], this.ctx), () => handler.apply(own, [...args]));
        },
      });
  return Woven;
}

function construct(
  inlet: Inlet,
  inner: EntrypointClass,
  ctx: ExecutionContext,
  env: Cloudflare.Env,
): WorkerEntrypoint {
  return new inner(handOn(ctx, inlet.loop), env);
}
