// Owns what one compilation takes over from the one before: a value whose inputs are the same is not made again.
import type { StoredResource } from "../../mesh/contract/state.ts";

interface Made {
  readonly inputs: readonly unknown[];
  readonly value: unknown;
}

/** What a compilation made, for the next one; opaque. */
export interface Kept {
  readonly byKey: ReadonlyMap<string, Made>;
  /** By purpose; what belongs to an object goes with it. */
  readonly byObject: Map<string, WeakMap<object, Made>>;
}

/** Makes values, or takes them over. */
export interface Reuse {
  /**
   * The value of a key, which is unique in one compilation; inputs are compared one by one, by identity. `last` is what
   * was made of other inputs.
   */
  of<T>(key: string, inputs: readonly unknown[], make: (last: T | undefined) => T): T;
  /** The value that is made for a purpose from an object of an earlier value, which stands for itself. */
  from<T>(purpose: string, source: object, inputs: readonly unknown[], make: () => T): T;
  readonly kept: Kept;
}

/** Values of `before` are taken over; those that nobody asks for any more are dropped. */
export function createReuse(before?: Kept): Reuse {
  const byKey = new Map<string, Made>();
  const byObject = before?.byObject ?? new Map<string, WeakMap<object, Made>>();
  return {
    kept: { byKey, byObject },
    of<T>(key: string, inputs: readonly unknown[], make: (last: T | undefined) => T): T {
      const last = before?.byKey.get(key);
      const made =
        last !== undefined && isSame(last.inputs, inputs)
          ? last
          : { inputs, value: make(last?.value as T | undefined) };
      byKey.set(key, made);
      return made.value as T;
    },
    from<T>(purpose: string, source: object, inputs: readonly unknown[], make: () => T): T {
      let known = byObject.get(purpose);
      if (known === undefined) byObject.set(purpose, (known = new WeakMap()));
      const last = known.get(source);
      if (last !== undefined && isSame(last.inputs, inputs)) return last.value as T;
      const value = make();
      known.set(source, { inputs, value });
      return value;
    },
  };
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/**
 * What tells whether a resource is the one it was, its status aside: its version in the store, or the object itself where
 * it has none.
 */
export const tokenOf = (stored: StoredResource): unknown => {
  const { uid, resourceVersion, generation } = stored.metadata;
  return uid && resourceVersion ? `${uid} ${resourceVersion} ${generation}` : stored;
};
