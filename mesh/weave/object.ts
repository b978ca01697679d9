// A woven Durable Object class: restores the context that came with a call; its own events start one of their own.
import { unpackContext } from "../pipeline/context.ts";
import { HEDDLE } from "../contract/headers.ts";
import type { Isolate, Scope } from "../pipeline/isolate.ts";
import type { Inlet, RuntimeContext } from "./inlet.ts";
import { guard } from "./membrane.ts";
import { OBJECT_CALL } from "./namespace.ts";
import { entryScope, inScope, scopeOf } from "./scope.ts";
import { notImplemented, walk } from "./walk.ts";

type Method = (...args: readonly unknown[]) => unknown;
export type ObjectClass = new (ctx: DurableObjectState, env: Cloudflare.Env) => object;

const EVENTS = ["alarm", "webSocketMessage", "webSocketClose", "webSocketError"] as const;

/** Subclasses the application's class, so that `extends DurableObject` and its storage stay what they are. */
export function weaveObject(inlet: Inlet, inner: ObjectClass): ObjectClass {
  const states = new WeakMap<object, RuntimeContext>();
  class Woven extends inner {
    constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
      super(handedState(inlet, ctx), env);
      states.set(this, ctx);
    }
  }
  // The application looks at its objects' class by name.
  Object.defineProperty(Woven, "name", { configurable: true, value: inner.name });
  define(Woven, "constructor", inner as never);
  const keeper = (self: object): RuntimeContext => states.get(self) ?? NOBODY;
  const scope = (self: object, packed: string): Scope => {
    const context = unpackContext(packed, inlet.isolate.now());
    return context === null
      ? entryScope(inlet.isolate, keeper(self))
      : scopeOf(context, keeper(self));
  };
  define(Woven, OBJECT_CALL, function (this: object, ...given) {
    const [packed, path, args] = given as [string, readonly string[], readonly unknown[] | null];
    if (path[0] === OBJECT_CALL) throw notImplemented(OBJECT_CALL);
    return perform(inlet.isolate, scope(this, String(packed)), () => walk(this, path, args));
  });
  const fetch = methodOf(inner, "fetch");
  if (fetch !== null)
    define(Woven, "fetch", function (this: object, ...given) {
      const request = given[0] as Request;
      return inScope(scope(this, request.headers.get(HEDDLE) ?? ""), () =>
        fetch.call(this, request),
      );
    });
  for (const event of EVENTS) {
    const handler = methodOf(inner, event);
    if (handler !== null)
      define(Woven, event, function (this: object, ...given) {
        return inScope(entryScope(inlet.isolate, keeper(this)), () =>
          handler.apply(this, [...given]),
        );
      });
  }
  return Woven;
}

/** Objects keep the runtime's own state; only its `exports` lead to the application's entrypoints. */
function handedState(inlet: Inlet, ctx: DurableObjectState): DurableObjectState {
  if (!("exports" in ctx) || inlet.loop.loopbackExports === null) return ctx;
  const exports = inlet.loop.loopbackExports(ctx.exports, inlet.loop);
  Object.defineProperty(ctx, "exports", { configurable: true, value: exports });
  return ctx;
}

async function perform(isolate: Isolate, scope: Scope, act: () => unknown): Promise<unknown> {
  return guard(await inScope(scope, act), { isolate, scope, principal: "" });
}

const NOBODY: RuntimeContext = { waitUntil: () => undefined };

const methodOf = (inner: ObjectClass, name: string): Method | null => {
  const found: unknown = Reflect.get(inner.prototype as object, name);
  return typeof found === "function" ? (found as Method) : null;
};

function define(
  made: ObjectClass,
  name: string,
  value: (this: object, ...given: readonly unknown[]) => unknown,
): void {
  Object.defineProperty(made.prototype, name, { configurable: true, writable: true, value });
}
