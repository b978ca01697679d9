// `ctx.exports` of a woven Worker: calls to its own entrypoints keep working, without leaving one open to anybody else.
import { HEDDLE, LOOPBACK_PROOF } from "../contract/headers.ts";
import { packContext } from "../pipeline/context.ts";
import type { DispatchCall } from "../pipeline/isolate.ts";
import { HeddleError, isRefused } from "../pipeline/problem.ts";
import type { Loop } from "./hand-on.ts";
import { member, type Remote } from "./member.ts";
import { namespaceOf, looksLikeNamespace } from "./namespace.ts";
import { currentScope } from "./scope.ts";

type Stub = Record<string, unknown> & {
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  dispatch(call: DispatchCall): Promise<unknown>;
};
type Loopback = ((options: { props: Record<string, unknown> }) => Stub) & Record<string, unknown>;

/** The exports as the application sees them; made once per ctx, members on demand. */
export function loopbackExports(exports: unknown, loop: Loop): unknown {
  if (typeof exports !== "object" || exports === null) return exports;
  return new Proxy(exports, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name);
      if (typeof name === "symbol" || found === undefined || found === null) return found;
      if (looksLikeNamespace(found)) return namespaceOf(found, loop.outlet.isolate);
      return typeof found === "function" ? entrypointOf(found as Loopback, loop) : found;
    },
  });
}

/** Callable with `{ props }`, or used as a stub at once, as the runtime's own is. */
function entrypointOf(found: Loopback, loop: Loop): unknown {
  const make = (props: Record<string, unknown>): Stub =>
    found({
      props: {
        ...props,
        heddle: { workload: loop.wiring.workload, loopback: loop.wiring.loopback },
      },
    });
  const bare = stubOf(() => make({}), loop);
  return new Proxy(found, {
    apply: (_target, _self, [options]: [{ props?: Record<string, unknown> } | undefined]) =>
      stubOf(() => make(options?.props ?? {}), loop),
    get: (_target, name) => Reflect.get(bare, name) as unknown,
  });
}

function stubOf(make: () => Stub, loop: Loop): object {
  const { isolate } = loop.outlet;
  const envelope = (): string => {
    const { context } = currentScope(isolate);
    return `${packContext({ ...context, depth: context.depth + 1 }, isolate.now())}|${LOOPBACK_PROOF}`;
  };
  const dispatch = async (
    path: readonly string[],
    args: readonly unknown[] | null,
  ): Promise<unknown> => {
    const value = await make().dispatch([envelope(), path, args]);
    if (isRefused(value)) throw new HeddleError(value.heddleRefused);
    return value;
  };
  const remote: Remote = { call: dispatch, get: (path) => dispatch(path, null) };
  const own = {
    fetch: (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
      const request = new Request(input, init);
      request.headers.set(HEDDLE, envelope());
      return make().fetch(request);
    },
  };
  return new Proxy(own, {
    get: (target, name) => {
      if (name === "fetch") return target.fetch;
      return typeof name === "symbol" || name === "then" ? undefined : member(remote, [name]);
    },
  });
}
