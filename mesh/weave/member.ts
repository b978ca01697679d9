// A remote object as the application sees it: a callable thenable that records a path and replays it (design §3).

/** Where a path is replayed: a call with its arguments, or the read of a property. */
export interface Remote {
  call(path: readonly string[], args: readonly unknown[]): Promise<unknown>;
  get(path: readonly string[]): Promise<unknown>;
}

/** Names that are never members of a stub. */
const NEVER = new Set(["then", "catch", "finally"]);

/** The member of a remote object at a path: call it, await it, or go deeper; nothing is sent before. */
export function member(remote: Remote, path: readonly string[]): unknown {
  return new Proxy(callable, {
    apply: (_target, _self, args: unknown[]) => result(remote.call(path, args)),
    get(_target, name) {
      if (name === Symbol.dispose || name === Symbol.asyncDispose) return noop;
      if (typeof name === "symbol") return undefined;
      if (!NEVER.has(name)) return member(remote, [...path, name]);
      const promise = remote.get(path);
      return Reflect.get(promise, name).bind(promise) as unknown;
    },
  });
}

/** The result of a call: a promise that is pipelined on, called, or disposed; the call is already on its way. */
function result(pending: Promise<unknown>): unknown {
  const resolved: Remote = {
    call: (path, args) => pending.then((value) => apply(value, path, args)),
    get: (path) => pending.then((value) => read(value, path)),
  };
  return new Proxy(callable, {
    apply: (_target, _self, args: unknown[]) =>
      result(pending.then((value) => (value as (...given: unknown[]) => unknown)(...args))),
    get(_target, name) {
      if (name === Symbol.dispose) return () => void pending.then(dispose, noop);
      if (name === Symbol.asyncDispose) return () => pending.then(dispose, noop);
      if (typeof name === "symbol") return undefined;
      if (!NEVER.has(name)) return member(resolved, [name]);
      return Reflect.get(pending, name).bind(pending) as unknown;
    },
  });
}

async function apply(
  value: unknown,
  path: readonly string[],
  args: readonly unknown[],
): Promise<unknown> {
  const owner = path.length > 1 ? await read(value, path.slice(0, -1)) : value;
  const name = path.at(-1) ?? "";
  return (owner as Record<string, (...given: unknown[]) => unknown>)[name]?.(...args);
}

async function read(value: unknown, path: readonly string[]): Promise<unknown> {
  let found: unknown = value;
  for (const name of path) found = await (found as Record<string, unknown>)[name];
  return found;
}

function dispose(value: unknown): void {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return;
  const method: unknown = Reflect.get(value, Symbol.dispose);
  if (typeof method === "function") method.call(value);
}

function callable(): void {
  // The target of every member: a function, so that the proxy may be called.
}

const noop = (): void => undefined;
