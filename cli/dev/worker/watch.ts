// The module `heddle-dev.js` of every Worker woven in dev: counts runs of the user's own handlers and entrypoint
// methods, below everything the mesh does. Objects are not counted.
import { WorkerEntrypoint } from "cloudflare:workers";

let runs = 0;

/** Lets dev read the count. */
export class HeddleRuns extends WorkerEntrypoint {
  /** Runs since the last call. */
  take(): number {
    const taken = runs;
    runs = 0;
    return taken;
  }
}

type Callable = (this: unknown, ...args: unknown[]) => unknown;

/** Patches the exports of a built Worker in place, before they are woven. */
export function watch(user: Readonly<Record<string, unknown>>): void {
  for (const value of Object.values(user)) {
    if (typeof value === "object" && value !== null) watchHandler(value);
    if (typeof value === "function" && value.prototype instanceof WorkerEntrypoint) {
      watchClass(value.prototype as object);
    }
  }
}

/** What the runtime calls on a handler object. */
const HANDLERS = new Set([
  "fetch",
  "scheduled",
  "queue",
  "email",
  "tail",
  "trace",
  "tailStream",
  "test",
]);
let depth = 0;

/** Handlers of an object, its own or of its class; one that hands on to another is one run. */
function watchHandler(handler: object): void {
  for (const [name, descriptor] of functionsOf(handler, Object.prototype)) {
    if (!HANDLERS.has(name) || descriptor.get) continue;
    const run = descriptor.value as Callable;
    const counted: Callable = function handle(...args) {
      if (depth === 0) runs += 1;
      depth += 1;
      try {
        return Reflect.apply(run, this, args);
      } finally {
        depth -= 1;
      }
    };
    replace(handler, name, { ...descriptor, value: counted }, run);
  }
}

/** Instances that have run: an entrypoint is made anew for each call, so a method it calls of itself is no run. */
const hasRun = new WeakSet<object>();

function watchClass(prototype: object): void {
  for (const [name, descriptor] of functionsOf(prototype, WorkerEntrypoint.prototype)) {
    const run = (descriptor.value ?? descriptor.get) as Callable;
    const counted: Callable = function call(...args) {
      if (typeof this === "object" && this !== null && !hasRun.has(this)) {
        hasRun.add(this);
        runs += 1;
      }
      return Reflect.apply(run, this, args);
    };
    const patched = descriptor.get
      ? { ...descriptor, get: counted }
      : { ...descriptor, value: counted };
    replace(prototype, name, patched, run);
  }
}

/** Methods and getters of an object and of what it inherits from, up to a prototype that is not the user's. */
function functionsOf(from: object, end: object): ReadonlyMap<string, PropertyDescriptor> {
  const found = new Map<string, PropertyDescriptor>();
  for (
    let at: object | null = from;
    at !== null && at !== end;
    at = Object.getPrototypeOf(at) as object | null
  ) {
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      const isFunction = typeof descriptor.value === "function" || descriptor.get !== undefined;
      if (name !== "constructor" && isFunction && !found.has(name)) found.set(name, descriptor);
    }
  }
  return found;
}

/** What is frozen stays as it is, and uncounted. */
function replace(
  at: object,
  name: string,
  descriptor: PropertyDescriptor,
  original: Callable,
): void {
  const { value, get } = descriptor;
  for (const key of ["name", "length"] as const) {
    Object.defineProperty((value ?? get) as Callable, key, {
      value: original[key],
      configurable: true,
    });
  }
  try {
    Object.defineProperty(at, name, descriptor);
  } catch {
    // Not configurable.
  }
}
