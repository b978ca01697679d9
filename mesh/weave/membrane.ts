// A returned RpcTarget or function keeps the call it came from: its scope, and the revocation check (design §3).
import { RpcTarget } from "cloudflare:workers";
import type { Isolate, Scope } from "../pipeline/isolate.ts";
import { HeddleError } from "../pipeline/problem.ts";
import { inScope } from "./scope.ts";

/** The call a capability was returned by. */
export interface Grant {
  readonly isolate: Isolate;
  readonly scope: Scope;
  readonly principal: string;
}

/** A result as the caller gets it: targets and functions behind a membrane, everything else as it is. */
export function guard(value: unknown, grant: Grant): unknown {
  if (value instanceof RpcTarget) return guardTarget(value, grant);
  if (typeof value === "function") return guardFunction(value as Callable, null, grant);
  if (!isPlain(value)) return value;
  const entries = Object.entries(value);
  const isCapable = entries.some(
    ([, item]) => item instanceof RpcTarget || typeof item === "function",
  );
  if (!isCapable) return value;
  return Object.fromEntries(entries.map(([name, item]) => [name, guard(item, grant)]));
}

type Callable = (...args: unknown[]) => unknown;

function guardFunction(callee: Callable, owner: unknown, grant: Grant): Callable {
  return async (...args) => {
    if (grant.isolate.isRevoked(grant.principal)) throw new HeddleError("revoked");
    return guard(await inScope(grant.scope, () => callee.apply(owner, args)), grant);
  };
}

/** A target of its own class with the same members, each restoring the scope; own properties stay hidden, as bare. */
function guardTarget(target: RpcTarget, grant: Grant): RpcTarget {
  const membrane = class extends RpcTarget {};
  for (
    let at: unknown = Object.getPrototypeOf(target);
    at !== RpcTarget.prototype && at !== null;
  ) {
    for (const [name, own] of Object.entries(Object.getOwnPropertyDescriptors(at)))
      if (name !== "constructor" && !Object.hasOwn(membrane.prototype, name))
        Object.defineProperty(membrane.prototype, name, guardMember(own, target, grant));
    at = Object.getPrototypeOf(at);
  }
  const dispose: unknown = Reflect.get(target, Symbol.dispose);
  if (typeof dispose === "function")
    Object.defineProperty(membrane.prototype, Symbol.dispose, {
      value: () => void dispose.call(target),
    });
  return new membrane();
}

function guardMember(own: PropertyDescriptor, target: RpcTarget, grant: Grant): PropertyDescriptor {
  if (own.get !== undefined) {
    return {
      configurable: true,
      get: () =>
        guard(
          inScope(grant.scope, () => own.get?.call(target) as unknown),
          grant,
        ),
    };
  }
  if (typeof own.value !== "function") return own;
  return {
    configurable: true,
    writable: true,
    value: guardFunction(own.value as Callable, target, grant),
  };
}

function isPlain(value: unknown): value is object {
  return (
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}
