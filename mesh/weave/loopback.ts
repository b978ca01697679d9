// `ctx.exports` of a woven Worker: calls to its own entrypoints keep working, without leaving one open to anybody else.
import { HEDDLE, LOOPBACK_PROOF } from "../contract/headers.ts";
import type { DispatchCall } from "../pipeline/isolate.ts";
import { HeddleError, isRefused } from "../pipeline/problem.ts";
import type { Loop } from "./hand-on.ts";
import { member } from "./member.ts";
import { argumentsOf } from "./membrane.ts";
import { isIndex, MESHED, NATIVE } from "./native.ts";
import { packScope } from "./scope.ts";
import { sentAs, unsent, type Remote, type Sent } from "./sent.ts";

interface Stub {
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  dispatch(call: DispatchCall): Promise<unknown>;
}
type Props = Readonly<Record<string, unknown>>;
type Loopback = (options: { props: Props }) => Stub;

/** The exports as the application sees them; made once per ctx, members on demand. */
export function loopbackExports(exports: unknown, loop: Loop): unknown {
  if (typeof exports !== "object" || exports === null) return exports;
  return new Proxy(exports, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name);
      if (typeof name === "symbol" || found === undefined || found === null) return found;
      const namespace = loop.weaveNamespace?.(found, loop.outlet.isolate) ?? null;
      if (namespace !== null) return namespace;
      return isEntrypoint(found) ? entrypointOf(found, loop) : found;
    },
  });
}

/** Not a namespace, which this Worker may have no part for. */
const isEntrypoint = (value: unknown): value is Loopback =>
  typeof value === "function" && !("idFromName" in (Object.getPrototypeOf(value) as object));

/** Callable with `{ props }`, or used as a stub at once, as the runtime's own is. */
function entrypointOf(found: Loopback, loop: Loop): object {
  const make = (props: Props): Stub => {
    const heddle = { workload: loop.wiring.workload, loopback: loop.wiring.loopback };
    return found({ props: { ...props, heddle } });
  };
  const front = new Front(() => make({}), loop);
  return new Proxy(found, {
    get: (target, name) => front.get(target, name),
    apply(_found, _self, args: [{ props?: unknown }?]) {
      const props = args[0]?.props ?? {};
      // What the runtime refuses, it refuses in its own words.
      if (typeof args[0] !== "object" || typeof props !== "object")
        return Reflect.apply(found, undefined, args);
      const stub = make(props as Props);
      return new Proxy(stub, new Front(() => stub, loop));
    },
  });
}

class Front implements ProxyHandler<object> {
  readonly #make: () => Stub;
  readonly #loop: Loop;
  readonly #remote: Remote;
  constructor(make: () => Stub, loop: Loop) {
    this.#make = make;
    this.#loop = loop;
    this.#remote = {
      call: (path, args) => this.#dispatch(path, () => argumentsOf(args)),
      get: (path) => this.#dispatch(path, () => null),
    };
  }
  get(target: object, name: string | symbol): unknown {
    if (name === NATIVE) return MESHED;
    if (name === "fetch")
      return (...given: [RequestInfo | URL, RequestInit?]) => this.#fetch(given);
    const isOwn = typeof name === "symbol" || name in (Object.getPrototypeOf(target) as object);
    if (isOwn || name === "then" || isIndex(name)) return Reflect.get(target, name) as unknown;
    return member(this.#remote, [name], () => Reflect.get(target, name) as unknown);
  }
  #envelope(): string {
    return `${packScope(this.#loop.outlet.isolate)}|${LOOPBACK_PROOF}`;
  }
  #dispatch(path: readonly string[], args: () => readonly unknown[] | null): Sent {
    try {
      const native = this.#make().dispatch([this.#envelope(), path, args()]);
      return sentAs(native, unrefused);
    } catch (error) {
      return unsent(error);
    }
  }
  #fetch([input, init]: [RequestInfo | URL, RequestInit?]): Promise<Response> {
    let request: Request;
    try {
      request = new Request(input, init);
    } catch {
      return this.#make().fetch(input, init);
    }
    request.headers.set(HEDDLE, this.#envelope());
    return this.#make().fetch(request);
  }
}

function unrefused(value: unknown): unknown {
  if (isRefused(value)) throw new HeddleError(value.heddleRefused);
  return value;
}
