// The rule that the mesh's own namespace is its own.
import { fieldError } from "../../mesh/contract/resources/field-error.ts";
import { SYSTEM_NAMESPACE } from "../../mesh/contract/wiring.ts";
import type { Rule } from "./rules.ts";

/** Resources of operators live in other namespaces than `heddle`. */
export const reservedNamespace: Rule = ({ namespace }) =>
  namespace === SYSTEM_NAMESPACE
    ? [
        fieldError(
          "metadata.namespace",
          namespace,
          "is the mesh's own namespace",
          "Use another one.",
        ),
      ]
    : [];
