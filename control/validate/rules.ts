// Owns the list of rules that hold across resources; each is a file of its own.
import type { FieldError } from "../../mesh/contract/resources/field-error.ts";
import type { StoredResource } from "../../mesh/contract/state.ts";
import { type BatchItem, at } from "./batch.ts";
import { knownParent } from "./known-parent.ts";
import { oneMesh } from "./one-mesh.ts";
import { reservedNamespace } from "./reserved-namespace.ts";

/** Looks at one resource of a batch, and at all there will be after it; answers errors, their paths in the document. */
export type Rule = (
  item: BatchItem["resource"],
  after: readonly StoredResource[],
) => readonly FieldError[];

const RULES: readonly Rule[] = [reservedNamespace, oneMesh, knownParent];

/** Errors of a batch, their paths in the request's body. */
export const checkRules = (
  items: readonly BatchItem[],
  after: readonly StoredResource[],
): FieldError[] =>
  items.flatMap(({ index, resource }) =>
    RULES.flatMap((rule) => rule(resource, after).map((error) => at(index, error))),
  );
