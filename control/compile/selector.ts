// Owns what namespace rules of listeners mean: Kubernetes label selectors, and `from`.
import type { LabelSelector } from "../../mesh/contract/resources/meta.ts";
import type { Inventory } from "./inventory.ts";

/** Which namespaces something may come from. */
export interface NamespaceRule {
  readonly from: "All" | "Selector" | "Same" | "None";
  readonly selector?: LabelSelector | undefined;
}

/** Whether a rule of namespace `own` lets namespace `asking` in. */
export function allowsNamespace(
  { from, selector }: NamespaceRule,
  own: string,
  asking: string,
  inventory: Inventory,
): boolean {
  switch (from) {
    case "All":
      return true;
    case "Same":
      return asking === own;
    case "None":
      return false;
    case "Selector":
      return selector !== undefined && selects(selector, inventory.namespaceLabels(asking));
  }
}

/** Whether a Kubernetes label selector takes these labels; an empty one takes all. */
export function selects(
  selector: LabelSelector,
  labels: Readonly<Record<string, string>>,
): boolean {
  const equal = Object.entries(selector.matchLabels ?? {}).every(
    ([key, value]) => labels[key] === value,
  );
  return (
    equal &&
    (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      const value = labels[key];
      switch (operator) {
        case "In":
          return value !== undefined && values.includes(value);
        case "NotIn":
          return value === undefined || !values.includes(value);
        case "Exists":
          return value !== undefined;
        case "DoesNotExist":
          return value === undefined;
      }
    })
  );
}
