// A woven handler object, default or named: an object with `fetch`, `dispatch` and the events the inner one has.
// An object and not a class: the platform then constructs nothing per call.
import { EVENTS, onlyPlatform } from "./events.ts";
import { handOn } from "./hand-on.ts";
import { eventScope, takeFetch, takeRpc, type Inlet, type RuntimeContext } from "./inlet.ts";
import { withLate } from "./load-late.ts";
import { inScope } from "./scope.ts";
import { walk } from "./walk.ts";

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
      takeFetch(inlet, entrypoint, ctx, request, (settled) => {
        const fetch = functionOf(inner, "fetch");
        if (fetch === null) throw new Error("Handler does not export a fetch() function.");
        return fetch.call(inner, settled, env, handOn(ctx, inlet.loop)) as Promise<Response>;
      }),
    dispatch: (call: unknown, env, ctx) =>
      takeRpc(inlet, entrypoint, ctx, call, ({ path, args }) =>
        walk(inner, path, args, (found, owner, given, at) => {
          if (given.length === 1) return found.call(owner, given[0], env, handOn(ctx, inlet.loop));
          return withLate(({ wrongCount }) => {
            throw wrongCount(at);
          });
        }),
      ),
  };
  for (const event of EVENTS) {
    const handler = functionOf(inner, event);
    if (handler !== null)
      made[event] = (first: unknown, env, ctx) => {
        onlyPlatform(event, first, inlet.wiring.dev === true);
        return inScope(eventScope(inlet, first, ctx), () =>
          handler.call(inner, first, env, handOn(ctx, inlet.loop)),
        );
      };
  }
  return made;
}

function functionOf(inner: object, key: string): Handler | null {
  const found: unknown = Reflect.get(inner, key);
  return typeof found === "function" ? (found as Handler) : null;
}
