// A returned RpcTarget or function keeps the call it came from: its scope, and the revocation check.
import type { RpcTarget } from "cloudflare:workers";
import { HeddleError } from "../pipeline/problem.ts";
import type { HeldGrant } from "./membrane.ts";
import { replaceWithin } from "./within.ts";

type Callable = (...args: readonly unknown[]) => unknown;

/** A result with its targets and functions behind a membrane, everything else as it is. */
export function guard(value: unknown, grant: HeldGrant): unknown {
  return replaceWithin(value, {
    isWanted: grant.isWanted,
    replace: (found) => {
      if (found instanceof grant.targetClass) return guardTarget(found, grant);
      return grant.reveal(found as object) ?? guardFunction(found as Callable, grant);
    },
  });
}

/** Does what a capability does, as part of the call that gave it; at once, since a getter's value may be walked through. */
function run(grant: HeldGrant, act: () => unknown, member = ""): unknown {
  if (grant.isolate.isRevoked(grant.principal, grant.caller)) throw new HeddleError("revoked");
  const { mayUse, path } = grant;
  if (mayUse && member !== "") {
    const reason = mayUse(path + member);
    if (reason !== null) throw new HeddleError(reason);
    return run({ ...grant, path: `${path}${member}()` }, act);
  }
  const value = grant.inScope(grant.scope, act);
  return value instanceof Promise
    ? value.then((settled) => guard(settled, grant))
    : guard(value, grant);
}

/** Own properties of a function are members of its stub, so they come along. */
function guardFunction(callee: Callable, grant: HeldGrant): Callable {
  const guarded: Callable = (...args) => run(grant, () => callee.apply(callee, [...args]));
  for (const [name, own] of Object.entries(Object.getOwnPropertyDescriptors(callee)))
    if (name !== "prototype" && "value" in own)
      Object.defineProperty(guarded, name, { ...own, value: guard(own.value, grant) });
  return guarded;
}

type Membrane = new (target: RpcTarget, grant: HeldGrant) => RpcTarget;
const membranes = new WeakMap<object, Membrane>();

function guardTarget(target: RpcTarget, grant: HeldGrant): RpcTarget {
  const prototype = Object.getPrototypeOf(target) as object;
  let made = membranes.get(prototype);
  if (made === undefined) {
    made = membraneOf(prototype, grant.targetClass);
    membranes.set(prototype, made);
  }
  return new made(target, grant);
}

/** A class with the same members, each of which restores the scope; own properties stay hidden, as bare. */
function membraneOf(prototype: object, targetClass: typeof RpcTarget): Membrane {
  const held = new WeakMap<object, { readonly target: RpcTarget; readonly grant: HeldGrant }>();
  const made = class extends targetClass {
    constructor(target: RpcTarget, grant: HeldGrant) {
      super();
      held.set(this, { target, grant });
    }
  };
  // A method taken off its target has no grant either, and fails on what it finds as `this`, as bare.
  const act = (self: object, name: string, use: (target: object) => unknown): unknown => {
    const found = held.get(self);
    return found === undefined ? use(self) : run(found.grant, () => use(found.target), `.${name}`);
  };
  for (let at = prototype; at !== targetClass.prototype; at = Object.getPrototypeOf(at) as object)
    for (const name of Object.getOwnPropertyNames(at))
      if (!Object.hasOwn(made.prototype, name))
        Object.defineProperty(made.prototype, name, guardedMember(at, name, act));
  if (Symbol.dispose in prototype)
    Object.defineProperty(made.prototype, Symbol.dispose, {
      value(this: object): void {
        const target = held.get(this)?.target;
        if (target !== undefined) (Reflect.get(target, Symbol.dispose) as Callable).call(target);
      },
    });
  return made;
}

function guardedMember(
  at: object,
  name: string,
  act: (self: object, name: string, use: (target: object) => unknown) => unknown,
): PropertyDescriptor {
  const own = Object.getOwnPropertyDescriptor(at, name) ?? {};
  if (own.get !== undefined)
    return {
      configurable: true,
      get(this: object): unknown {
        return act(this, name, (target) => own.get?.call(target) as unknown);
      },
    };
  if (typeof own.value !== "function") return own;
  const method = own.value as Callable;
  return {
    configurable: true,
    writable: true,
    value(this: object, ...args: readonly unknown[]): unknown {
      return act(this, name, (target) => method.apply(target, [...args]));
    },
  };
}
