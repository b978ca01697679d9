// What `dispatch` may reach on the callee: prototype methods and getters below the platform's base, nothing else.
import { DurableObject, RpcTarget, WorkerEntrypoint } from "cloudflare:workers";

/** Names the runtime keeps for itself on entrypoints and objects. */
const RESERVED = new Set([
  "fetch",
  "connect",
  "tail",
  "tailStream",
  "trace",
  "scheduled",
  "queue",
  "email",
  "test",
  "alarm",
  "self",
  "webSocketMessage",
  "webSocketClose",
  "webSocketError",
  "dup",
  "constructor",
  "then",
]);
const BASES = new Set<unknown>([
  WorkerEntrypoint.prototype,
  DurableObject.prototype,
  RpcTarget.prototype,
  Object.prototype,
]);

/** The error a bare call to a member that is not there rejects with. */
export const notImplemented = (name: string): TypeError =>
  new TypeError(`The RPC receiver does not implement the method "${name}".`);

/** Walks a path from an entrypoint or object instance, then calls what it finds, or reads it when `args` is null. */
export async function walk(
  root: object,
  path: readonly string[],
  args: readonly unknown[] | null,
): Promise<unknown> {
  let owner: unknown = root;
  for (const [depth, name] of path.entries()) {
    const found = lookUp(owner, name);
    if (depth < path.length - 1) owner = await found;
    else if (args === null) return found;
    else if (typeof found !== "function") throw new TypeError(`"${name}" is not a function.`);
    else return (found as (...given: readonly unknown[]) => unknown).apply(owner, [...args]);
  }
  throw notImplemented("");
}

function lookUp(owner: unknown, name: string): unknown {
  if ((typeof owner !== "object" && typeof owner !== "function") || owner === null)
    throw notImplemented(name);
  if (!isInstance(owner)) {
    if (!Object.hasOwn(owner, name)) throw notImplemented(name);
    return (owner as Record<string, unknown>)[name];
  }
  if (RESERVED.has(name) || Object.hasOwn(owner, name)) throw notImplemented(name);
  for (
    let at: unknown = Object.getPrototypeOf(owner);
    at !== null && !BASES.has(at);
    at = Object.getPrototypeOf(at)
  ) {
    const own = Object.getOwnPropertyDescriptor(at, name);
    if (own !== undefined) return own.get === undefined ? own.value : own.get.call(owner);
  }
  throw notImplemented(name);
}

const isInstance = (owner: object): boolean =>
  owner instanceof WorkerEntrypoint || owner instanceof DurableObject || owner instanceof RpcTarget;
