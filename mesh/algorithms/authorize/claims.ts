// Owns how claims that are lists of words parted by blanks (RFC 6749 §3.3) become lists, at every depth.

/** Names of such claims where nothing else is said. */
export const WORD_CLAIMS: readonly string[] = ["scope", "permission"];

/** The claims with every text under one of the names spread into its words. */
export function spreadClaims(
  claims: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Readonly<Record<string, unknown>> {
  const spread = Object.entries(claims).map(([name, value]): [string, unknown] => {
    if (typeof value === "string") return [name, names.includes(name) ? value.split(" ") : value];
    return [name, isRecord(value) ? spreadClaims(value, names) : value];
  });
  return Object.fromEntries(spread);
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
