// The ctx an application gets: the runtime's own, with `props` without ours and `exports` leading to its own entrypoints.
import type { Wiring } from "../contract/wiring.ts";
import type { Outlet } from "./client.ts";
import type { WeaveNamespace } from "./namespace.ts";
import { methodOn } from "./native.ts";

/** What of the mesh a handed-on ctx needs to know. */
export interface Loop {
  readonly wiring: Wiring;
  readonly outlet: Outlet;
  readonly weaveNamespace: WeaveNamespace | null;
  /** Null where the Worker's code knows nothing of its exports. */
  readonly loopbackExports: ((exports: unknown, loop: Loop) => unknown) | null;
}

/** Props as the runtime gives them: ours and the user's. */
interface RawContext {
  readonly props: { readonly heddle?: unknown } | null | undefined;
  readonly exports: unknown;
}

/** The mesh's part of a binding's props; null where the binding is none of ours. */
export function heddleProps(ctx: object): Readonly<Record<string, unknown>> | null {
  const heddle = (ctx as RawContext).props?.heddle;
  return typeof heddle === "object" ? (heddle as Record<string, unknown> | null) : null;
}

/** A member of it; empty where there is none. */
export function propOf(ctx: object, name: "workload" | "tag"): string {
  const value = heddleProps(ctx)?.[name];
  return typeof value === "string" ? value : "";
}

/** Props are read only when the application asks: reading them is dear (a copy across the binding). */
export const handOn = <C extends object>(ctx: C, loop: Loop): C =>
  new Proxy(ctx, new Handed(loop)) as C;

class Handed implements ProxyHandler<object> {
  readonly #loop: Loop;
  #made: Map<string | symbol, unknown> | null = null;
  constructor(loop: Loop) {
    this.#loop = loop;
  }
  get(ctx: object, name: string | symbol, self: object): unknown {
    const known = this.#made?.get(name);
    if (known !== undefined) return known;
    const found: unknown = Reflect.get(ctx, name);
    const made = this.#instead(ctx, name, found, self);
    if (made !== found) (this.#made ??= new Map()).set(name, made);
    return made;
  }
  #instead(ctx: object, name: string | symbol, found: unknown, self: object): unknown {
    if (name === "props") return withoutOurs(found);
    if (name === "exports" && this.#loop.loopbackExports !== null)
      return this.#loop.loopbackExports(found, this.#loop);
    return typeof found === "function" && name !== "constructor"
      ? methodOn(() => self, ctx, found as () => unknown)
      : found;
  }
}

function withoutOurs(props: unknown): unknown {
  if (typeof props !== "object" || props === null) return props;
  const { heddle: _ours, ...own } = props as Record<string, unknown>;
  return own;
}
