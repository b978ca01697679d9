// A woven Durable Object namespace: the call's context goes with it, so that a chain through an object keeps its trace
// and cohort (design §3). No policy, no proof: objects are reached by bindings of the account only.
import { HEDDLE } from "../contract/headers.ts";
import { packContext } from "../pipeline/context.ts";
import type { Isolate } from "../pipeline/isolate.ts";
import { member, type Remote } from "./member.ts";
import { currentScope } from "./scope.ts";

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
type Namespace = Record<string, (...args: unknown[]) => unknown>;

export const looksLikeNamespace = (value: unknown): value is object =>
  (typeof value === "object" || typeof value === "function") &&
  value !== null &&
  typeof (value as Namespace)["idFromName"] === "function" &&
  typeof (value as Namespace)["newUniqueId"] === "function";

/** The namespace as the application sees it; ids are the runtime's own. */
export function namespaceOf(namespace: object, isolate: Isolate): object {
  const real = namespace as Namespace;
  return new Proxy(namespace, {
    get(_target, name) {
      const found: unknown = Reflect.get(real, name);
      if (typeof found !== "function") return found;
      const call = (...args: unknown[]): unknown => found.apply(real, args) as unknown;
      if (name === "get" || name === "getByName")
        return (...args: unknown[]) => stubOf(call(...args) as object, isolate);
      if (name === "jurisdiction")
        return (...args: unknown[]) => namespaceOf(call(...args) as object, isolate);
      return call;
    },
  });
}

function stubOf(stub: object, isolate: Isolate): object {
  const real = stub as ObjectStub;
  const packed = (): string => {
    const { context, cohort } = currentScope(isolate);
    return packContext({ ...context, cohort, depth: context.depth + 1 }, isolate.now());
  };
  const remote: Remote = {
    call: (path, args) => real.heddleCall(packed(), path, args),
    get: (path) => real.heddleCall(packed(), path, null),
  };
  return new Proxy(stub, {
    get(target, name) {
      if (name === "id" || name === "name" || typeof name === "symbol" || name === "then")
        return Reflect.get(target, name) as unknown;
      if (name !== "fetch") return member(remote, [name]);
      return (input: RequestInfo | URL, init?: RequestInit) => {
        const request = new Request(input, init);
        request.headers.set(HEDDLE, packed());
        return real.fetch(request);
      };
    },
  });
}
