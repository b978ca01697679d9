// A woven handler object, default or named: an object with `fetch`, `dispatch` and the events the inner one has.
// An object and not a class: the platform then constructs nothing per call.
import { EVENTS } from "./entrypoint.ts";
import { handOn } from "./hand-on.ts";
import { takeFetch, takeRpc, type Inlet, type RuntimeContext } from "./inlet.ts";
import { entryScope, inScope } from "./scope.ts";
import { notImplemented } from "./walk.ts";

type Handler = (first: unknown, env: unknown, ctx: unknown) => unknown;
/** What the platform takes as a handler object. */
export type WovenHandler = Record<
  string,
  (first: never, env: unknown, ctx: RuntimeContext) => unknown
>;

/** Wraps a handler object; its functions get `(argument, env, ctx)` and the object as `this`, as bare. */
export function weaveHandler(inlet: Inlet, name: string, inner: object): WovenHandler {
  const entrypoint = name === "default" ? "" : name;
  const made: WovenHandler = {
    fetch: (request: Request, env, ctx) =>
      takeFetch(inlet, entrypoint, ctx, request, async (settled) => {
        const fetch = functionOf(inner, "fetch");
        if (fetch === null) throw new Error("Handler does not export a fetch() function.");
        return fetch.call(inner, settled, env, handOn(ctx, inlet.loop)) as Promise<Response>;
      }),
    dispatch: (call: unknown, env, ctx) =>
      takeRpc(inlet, entrypoint, ctx, call, async ({ path, args }) =>
        callable(inner, path, args).call(inner, args?.[0], env, handOn(ctx, inlet.loop)),
      ),
  };
  for (const event of EVENTS) {
    const handler = functionOf(inner, event);
    if (handler !== null)
      made[event] = (first: unknown, env, ctx) =>
        inScope(entryScope(inlet.isolate, ctx), () =>
          handler.call(inner, first, env, handOn(ctx, inlet.loop)),
        );
  }
  return made;
}

function functionOf(inner: object, key: string): Handler | null {
  const found: unknown = Reflect.get(inner, key);
  return typeof found === "function" ? (found as Handler) : null;
}

/** RPC on a handler object takes exactly one argument and reaches its own functions only, as bare. */
function callable(
  inner: object,
  path: readonly string[],
  args: readonly unknown[] | null,
): Handler {
  const name = path[0] ?? "";
  const found: unknown =
    path.length === 1 && Object.hasOwn(inner, name) ? Reflect.get(inner, name) : undefined;
  if (typeof found !== "function" || args === null) throw notImplemented(path.at(-1) ?? "");
  if (args.length !== 1)
    throw new TypeError(
      `Attempted to call RPC function "${name}" with the wrong number of arguments. When calling a top-level handler function that is not declared as part of a class, you must always send exactly one argument. In order to support variable numbers of arguments, the server must use class-based syntax (extending WorkerEntrypoint) instead.`,
    );
  return found as Handler;
}
