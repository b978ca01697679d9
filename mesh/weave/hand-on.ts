// The ctx an application gets: the runtime's own, with `props` without ours and `exports` leading to its own entrypoints.
import type { Wiring } from "../contract/wiring.ts";
import { loopbackExports } from "./loopback.ts";
import type { Outlet } from "./client.ts";

/** What of the mesh a handed-on ctx needs to know. */
export interface Loop {
  readonly wiring: Wiring;
  readonly outlet: Outlet;
}

/** Props as the runtime gives them: ours and the user's. */
interface RawContext {
  readonly props: unknown;
  readonly exports: unknown;
}

/** The mesh's part of a binding's props; null where the binding is none of ours. */
export function heddleProps(ctx: object): Readonly<Record<string, unknown>> | null {
  const { props } = ctx as RawContext;
  if (typeof props !== "object" || props === null || !("heddle" in props)) return null;
  const { heddle } = props;
  return typeof heddle === "object" && heddle !== null ? (heddle as Record<string, unknown>) : null;
}

let shape: (new (ctx: object, loop: Loop) => object) | undefined;

/** Props are read only when the application asks: reading them is dear (a copy across the binding). */
export function handOn<C extends object>(ctx: C, loop: Loop): C {
  shape ??= shapeOf(ctx);
  return new shape(ctx, loop) as C;
}

/** A class whose members are those of the runtime's ctx, each leading to it; made once per isolate. */
function shapeOf(sample: object): new (ctx: object, loop: Loop) => object {
  class Handed {
    readonly #ctx: object;
    readonly #loop: Loop;
    #props: unknown;
    #exports: unknown;
    constructor(ctx: object, loop: Loop) {
      this.#ctx = ctx;
      this.#loop = loop;
    }
    get props(): unknown {
      this.#props ??= withoutOurs((this.#ctx as RawContext).props);
      return this.#props;
    }
    get exports(): unknown {
      this.#exports ??= loopbackExports((this.#ctx as RawContext).exports, this.#loop);
      return this.#exports;
    }
    static read(handed: Handed, name: string): unknown {
      const value: unknown = Reflect.get(handed.#ctx, name);
      return typeof value === "function" ? (value.bind(handed.#ctx) as unknown) : value;
    }
  }
  const names = new Set([
    ...Object.getOwnPropertyNames(sample),
    ...Object.getOwnPropertyNames(Object.getPrototypeOf(sample) as object),
  ]);
  for (const name of names)
    if (!Object.hasOwn(Handed.prototype, name))
      Object.defineProperty(Handed.prototype, name, {
        configurable: true,
        enumerable: true,
        get(this: Handed) {
          return Handed.read(this, name);
        },
      });
  return Handed;
}

function withoutOurs(props: unknown): unknown {
  if (typeof props !== "object" || props === null) return props;
  const { heddle: _ours, ...own } = props as Record<string, unknown>;
  return own;
}
