// Values inside values: finds what must be replaced in plain objects, arrays, Maps and Sets, and copies only then.

/** What to look for, and what to put in its place. */
export interface Replacement {
  readonly isWanted: (value: unknown) => boolean;
  readonly replace: (value: unknown) => unknown;
}

/** The value itself where it holds nothing wanted, else a copy with each wanted part replaced; cycles stay cycles. */
export const replaceWithin = (value: unknown, how: Replacement): unknown =>
  isWithin(value, how.isWanted) ? copy(value, how, new Map()) : value;

/** Whether a value is wanted, or holds what is. */
export const isWithin = (value: unknown, isWanted: Replacement["isWanted"]): boolean =>
  isReference(value) && (isWanted(value) || holds(value, isWanted, 0, null));

const isReference = (value: unknown): value is object =>
  (typeof value === "object" || typeof value === "function") && value !== null;

/** Flat values are most: what was seen is remembered, against cycles, from some depth on. */
function holds(
  value: object,
  isWanted: Replacement["isWanted"],
  depth: number,
  known: Set<object> | null,
): boolean {
  const parts = partsOf(value);
  if (parts === null) return false;
  let seen = known;
  for (const part of parts) {
    if (!isReference(part)) continue;
    if (isWanted(part)) return true;
    if (depth > 1) seen ??= new Set();
    if (seen?.has(part) === true) continue;
    seen?.add(part);
    if (holds(part, isWanted, depth + 1, seen)) return true;
  }
  return false;
}

/** What a container holds; null for what is none. */
function partsOf(value: object): readonly unknown[] | null {
  if (Array.isArray(value)) return value as readonly unknown[];
  if (isPlain(value)) return Object.values(value);
  if (value instanceof Map) return [...(value as Map<unknown, unknown>)].flat();
  return value instanceof Set ? [...(value as Set<unknown>)] : null;
}

function copy(value: unknown, how: Replacement, made: Map<object, unknown>): unknown {
  if (!isReference(value)) return value;
  if (how.isWanted(value)) return how.replace(value);
  const known = made.get(value);
  if (known !== undefined) return known;
  const keep = <T>(empty: T): T => {
    made.set(value, empty);
    return empty;
  };
  if (value instanceof Map) {
    const map = keep(new Map<unknown, unknown>());
    for (const [key, item] of value) map.set(copy(key, how, made), copy(item, how, made));
    return map;
  }
  if (value instanceof Set) {
    const set = keep(new Set<unknown>());
    for (const item of value) set.add(copy(item, how, made));
    return set;
  }
  if (!Array.isArray(value) && !isPlain(value)) return value;
  const into = keep<object>(Array.isArray(value) ? Array.from(value) : {});
  for (const [name, item] of Object.entries(value)) Reflect.set(into, name, copy(item, how, made));
  return into;
}

export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
