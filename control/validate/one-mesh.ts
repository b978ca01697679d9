// The rule that a mesh is described once.
import { fieldError } from "../../mesh/contract/resources/field-error.ts";
import type { Rule } from "./rules.ts";

/** A second Mesh of another name is refused. */
export const oneMesh: Rule = (resource, after) => {
  const other = after.find(
    ({ kind, metadata }) =>
      kind === "Mesh" && resource.kind.kind === "Mesh" && metadata.name !== resource.name,
  );
  if (!other) return [];
  const what = `is another Mesh than ${other.metadata.name}, and there is one only`;
  const mend = `Use the name ${other.metadata.name}, or delete that Mesh first.`;
  return [fieldError("metadata.name", resource.name, what, mend)];
};
