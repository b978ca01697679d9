// Owns telling who was first: writes whose resourceVersion is not the stored one.
import { type FieldError, fieldError } from "../../mesh/contract/resources/field-error.ts";
import type { ResourceWrite, WriteResult } from "../../mesh/contract/state.ts";
import { at, toId } from "./batch.ts";

/** One error per write that came too late. */
export const conflicts = (
  writes: readonly ResourceWrite[],
  { verdicts }: WriteResult,
): FieldError[] =>
  writes.flatMap(({ kind, namespace, name, resourceVersion }, index) => {
    const result = verdicts[index];
    if (result?.verdict !== "conflict") return [];
    const now = result.resourceVersion ? `at ${result.resourceVersion}` : "gone";
    const what = `${resourceVersion} is not that of ${toId(kind, namespace, name)}, which is ${now}`;
    const mend = "Get it again and apply your change to that, or leave resourceVersion out.";
    return [at(index, fieldError("metadata.resourceVersion", resourceVersion, what, mend))];
  });
