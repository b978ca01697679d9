// A woven Durable Object namespace: the call's context goes with it, so that a chain through an object keeps its trace
// and cohort. No policy, no proof: objects are reached by bindings of the account only.
import { HEDDLE } from "../contract/headers.ts";
import type { Isolate } from "../pipeline/isolate.ts";
import { member } from "./member.ts";
import { argumentsOf } from "./membrane.ts";
import { isIndex, methodOn, NATIVE, withoutJson } from "./native.ts";
import { packScope } from "./scope.ts";
import { sentAs, unsent, type Remote, type Sent } from "./sent.ts";

/** The RPC method that woven objects add; takes the packed context before path and arguments. */
export const OBJECT_CALL = "heddleCall";

interface ObjectStub {
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  heddleCall(
    context: string,
    path: readonly string[],
    args: readonly unknown[] | null,
  ): Promise<unknown>;
}

/** The namespace as the application sees it, ids being the runtime's own; null for what is no namespace. */
export type WeaveNamespace = (value: unknown, isolate: Isolate) => object | null;

export const weaveNamespace: WeaveNamespace = (value, isolate) =>
  looksLikeNamespace(value) ? namespaceOf(value, isolate) : null;

/** By its class: a service stub has a member of every name. */
function looksLikeNamespace(value: unknown): value is object {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return typeof prototype === "object" && prototype !== null && "idFromName" in prototype;
}

function namespaceOf(namespace: object, isolate: Isolate): object {
  const stub = (made: unknown): unknown => stubOf(made as object, isolate);
  const front: object = new Proxy(namespace, {
    get(real, name) {
      if (name === NATIVE) return real;
      const found: unknown = Reflect.get(real, name);
      if (typeof found !== "function" || name === "constructor") return found;
      const method = found as () => unknown;
      if (name === "get" || name === "getByName") return methodOn(() => front, real, method, stub);
      if (name !== "jurisdiction") return methodOn(() => front, real, method);
      return methodOn(
        () => front,
        real,
        method,
        (made) => namespaceOf(made as object, isolate),
      );
    },
  });
  return front;
}

function stubOf(stub: object, isolate: Isolate): object {
  const real = stub as ObjectStub;
  const packed = (): string => packScope(isolate);
  const remote: Remote = {
    call: (path, args) => send(() => real.heddleCall(packed(), path, argumentsOf(args)), isLookUp),
    get: (path) =>
      send(
        () => real.heddleCall(packed(), path, null),
        () => true,
      ),
  };
  const front: object = new Proxy(stub, {
    get(target, name) {
      if (name === NATIVE) return target;
      if (name === "fetch")
        return function (this: unknown, ...given: [RequestInfo | URL, RequestInit?]) {
          const request = this === front ? requestOf(given, packed) : null;
          return request === null
            ? Reflect.apply(real.fetch, this === front ? real : this, given)
            : real.fetch(request);
        };
      if (typeof name === "symbol" || isOwn(target, name) || name === "then" || isIndex(name))
        return Reflect.get(target, name) as unknown;
      const found = member(remote, [name], () => Reflect.get(target, name));
      return name === "toJSON" ? withoutJson(found as object, { ...target }) : found;
    },
  });
  return front;
}

/** What the runtime's own stub has; every other name is a member of the object. */
const isOwn = (stub: object, name: string): boolean =>
  Object.hasOwn(stub, name) || name in (Object.getPrototypeOf(stub) as object);

/** Null for what the runtime refuses, in its own words. */
function requestOf(
  [input, init]: [RequestInfo | URL, RequestInit?],
  packed: () => string,
): Request | null {
  try {
    const request = new Request(input, init);
    request.headers.set(HEDDLE, packed());
    return request;
  } catch {
    return null;
  }
}

/** The runtime names the object only in exceptions of its methods, not of what is read or not there. */
function send(start: () => Promise<unknown>, isUnnamed: (error: object) => boolean): Sent {
  try {
    const native = start();
    return sentAs(native, (value) => value, unnamed(isUnnamed));
  } catch (error) {
    return unsent(error);
  }
}

const unnamed =
  (isUnnamed: (error: object) => boolean) =>
  (error: unknown): unknown => {
    if (typeof error === "object" && error !== null && isUnnamed(error))
      Reflect.deleteProperty(error, "durableObjectId");
    return error;
  };

const isLookUp = (error: object): boolean =>
  error instanceof TypeError && LOOK_UP.test(error.message);
const LOOK_UP =
  /^(?:The RPC receiver does not implement the method|'\w+' is a reserved method and|"[^"]+" is not a function\.$)/;
