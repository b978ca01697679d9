// A woven handler object, default or named: one class with `fetch` and `dispatch` in place of the object.
import { WorkerEntrypoint } from "cloudflare:workers";
import { EVENTS, type EntrypointClass } from "./entrypoint.ts";
import { handOn } from "./hand-on.ts";
import { takeFetch, takeRpc, type Inlet } from "./inlet.ts";
import { entryScope, inScope } from "./scope.ts";
import { notImplemented } from "./walk.ts";

type Handler = (first: unknown, env: unknown, ctx: unknown) => unknown;

/** Wraps a handler object; its functions get `(argument, env, ctx)` and the object as `this`, as bare. */
export function weaveHandler(inlet: Inlet, name: string, inner: object): EntrypointClass {
  const entrypoint = name === "default" ? "" : name;
  const member = (key: string): Handler | null => {
    const found: unknown = Reflect.get(inner, key);
    return typeof found === "function" ? (found as Handler) : null;
  };
  class Woven extends WorkerEntrypoint {
    override async fetch(request: Request): Promise<Response> {
      return takeFetch(inlet, entrypoint, this.ctx, request, async (settled) => {
        const fetch = member("fetch");
        if (fetch === null) throw new Error("Handler does not export a fetch() function.");
        return fetch.call(inner, settled, this.env, handOn(this.ctx, inlet.loop)) as Promise<Response>;
      });
    }
    async dispatch(envelope: string, path: readonly string[], args: readonly unknown[] | null): Promise<unknown> {
      return takeRpc(inlet, entrypoint, this.ctx, String(envelope), { path, args }, async () => {
        const method = callable(inner, path, args);
        return method.call(inner, args?.[0], this.env, handOn(this.ctx, inlet.loop));
      });
    }
  }
  for (const event of EVENTS) {
    const handler = member(event);
    if (handler !== null)
      Object.defineProperty(Woven.prototype, event, {
        configurable: true,
        value(this: Woven, first: unknown): unknown {
          return inScope(entryScope(inlet.isolate, (promise) => this.ctx.waitUntil(promise)), () =>
            handler.call(inner, first, this.env, handOn(this.ctx, inlet.loop)),
          );
        },
      });
  }
  return Woven;
}

/** RPC on a handler object takes exactly one argument and reaches its own functions only, as bare. */
function callable(inner: object, path: readonly string[], args: readonly unknown[] | null): Handler {
  const name = path[0] ?? "";
  const found: unknown = path.length === 1 && Object.hasOwn(inner, name) ? Reflect.get(inner, name) : undefined;
  if (typeof found !== "function" || args === null) throw notImplemented(path.at(-1) ?? "");
  if (args.length !== 1)
    throw new TypeError(
      `Attempted to call RPC function "${name}" with the wrong number of arguments. When calling a top-level handler function that is not declared as part of a class, you must always send exactly one argument. In order to support variable numbers of arguments, the server must use class-based syntax (extending WorkerEntrypoint) instead.`,
    );
  return found as Handler;
}
