// What `dispatch` may reach on the callee, by the runtime's own rules: prototype members of entrypoints, objects and
// targets, own properties of plain objects and functions, nothing else.
import { DurableObject, RpcTarget, WorkerEntrypoint } from "cloudflare:workers";
import { isPlain } from "./within.ts";

/** Names that the runtime never takes for a method. */
const RESERVED = new Set([
  "fetch",
  "connect",
  "alarm",
  "webSocketMessage",
  "webSocketClose",
  "webSocketError",
  "dup",
  "constructor",
]);
const BASES: readonly object[] = [
  WorkerEntrypoint.prototype,
  DurableObject.prototype,
  RpcTarget.prototype,
  Object.prototype,
];

type Callable = (...args: readonly unknown[]) => unknown;

/** How a found function is called; a handler object's functions take other arguments than a method. */
export type Invoke = (
  found: Callable,
  owner: object,
  args: readonly unknown[],
  name: string,
) => unknown;

/** The error a bare call to a member that is not there rejects with. */
export const notImplemented = (name: string): TypeError =>
  new TypeError(`The RPC receiver does not implement the method "${name}".`);

/** Walks a path from an entrypoint, an object or a handler object, then calls what it finds, or reads it when `args` is null. */
export function walk(
  root: object,
  path: readonly string[],
  args: readonly unknown[] | null,
  invoke: Invoke = (found, owner, given) => found.apply(owner, [...given]),
): unknown {
  let owner = root;
  for (const name of path.slice(0, -1)) {
    const found = lookUp(owner, name);
    if (!isWalkable(found)) throw notImplemented(name);
    owner = found;
  }
  const last = path.at(-1) ?? "";
  if (RESERVED.has(last))
    throw new TypeError(`'${last}' is a reserved method and cannot be called over RPC.`);
  const found = lookUp(owner, last);
  if (args === null) return found;
  if (typeof found !== "function") throw new TypeError(`"${path.join(".")}" is not a function.`);
  return invoke(found as Callable, owner, args, path.join("."));
}

function lookUp(owner: object, name: string): unknown {
  if (isStub(owner)) return Reflect.get(owner, name) as unknown;
  if (!isInstance(owner)) {
    if (Object.hasOwn(owner, name)) return Reflect.get(owner, name) as unknown;
    throw notImplemented(name);
  }
  const found: unknown =
    Object.hasOwn(owner, name) || name === "__proto__" ? undefined : Reflect.get(owner, name);
  if (found === undefined || BASES.some((base) => Reflect.get(base, name) === found))
    throw notImplemented(name);
  return found;
}

const isWalkable = (value: unknown): value is object =>
  typeof value === "function" ||
  (typeof value === "object" && value !== null && (isPlain(value) || value instanceof RpcTarget));

/** A handler object that is a class instance counts as plain: only its own members are reached. */
const isInstance = (owner: object): boolean =>
  owner instanceof WorkerEntrypoint || owner instanceof DurableObject || owner instanceof RpcTarget;

/** A function that is none of the language's own: a stub of the runtime's. */
const isStub = (owner: object): boolean =>
  typeof owner === "function" && !(owner instanceof Function);
