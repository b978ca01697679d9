// Owns the warnings of an apply: conditions of the applied resources that do not hold.
import type { BatchItem } from "../validate/batch.ts";
import { idOf, toId } from "../validate/batch.ts";
import type { Condition } from "./conditions.ts";
import type { StatusWrite } from "./statuses.ts";

/** Conditions that speak of a resource itself; `Conflicted=False` is good news, `PartiallyProgrammed` bad. */
const isUnmet = ({ type, status }: Condition): boolean =>
  type === "PartiallyProgrammed" || (status === "False" && type !== "Conflicted");

/** One sentence per condition of the batch's resources that does not hold. */
export function unmet(statuses: readonly StatusWrite[], items: readonly BatchItem[]): string[] {
  const applied = new Set(items.map(({ resource }) => idOf(resource)));
  const sentences = statuses.flatMap(({ kind, namespace, name, status }) => {
    const id = toId(kind, namespace, name);
    if (!applied.has(id)) return [];
    return conditionsIn(status)
      .filter(isUnmet)
      .map(({ reason, message }) => `${id}: ${reason}: ${message}`);
  });
  return [...new Set(sentences)];
}

/** Every condition in a status, wherever it lies. */
function conditionsIn(value: unknown): Condition[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "conditions" && Array.isArray(inner) ? (inner as Condition[]) : conditionsIn(inner),
  );
}
