// Owns when two specs are the same: their JSON with sorted keys, so that the order of fields does not count.

/** JSON with the keys of every object in order. */
export const canonical = (value: unknown): string => JSON.stringify(value, sorted);

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}
