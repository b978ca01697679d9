// Owns saying where in the files something stands that control complained of.
import { findKind } from "../../mesh/contract/resources/kinds.ts";
import { DEFAULT_NAMESPACE } from "../../mesh/contract/resources/meta.ts";
import { ControlError, type Violation } from "../client.ts";
import { CliError, type Complaint } from "../exit.ts";
import type { Segment, SourceDocument } from "./documents.ts";

/** The same error with file and line in the place of the API's path. */
export function located(error: unknown, documents: readonly SourceDocument[]): unknown {
  if (!(error instanceof ControlError) || error.problem.errors.length === 0) return error;
  return new CliError(
    error.exit,
    error.problem.errors.map((violation) => locate(violation, documents)),
    error,
  );
}

function locate(
  { path, message, mend }: Violation,
  documents: readonly SourceDocument[],
): Complaint {
  const [root, index, ...rest] = segmentsOf(path);
  const document = root === "documents" ? documents[Number(index)] : undefined;
  return { message, where: document ? document.where(rest) : path || undefined, mend };
}

/** A warning with the place of the document it begins with the name of: `HTTPRoute default/reviews: …`. */
export function locateWarning(message: string, documents: readonly SourceDocument[]): Complaint {
  const document = documents.find(({ value }) => message.startsWith(`${idOf(value)}: `));
  return { message, where: document?.where(["metadata", "name"]) };
}

/** `Kind namespace/name` as control words it. */
function idOf(value: unknown): string {
  const { kind, metadata } = (value ?? {}) as {
    readonly kind?: string;
    readonly metadata?: { readonly name?: string; readonly namespace?: string };
  };
  const isNamespaced = findKind(kind ?? "")?.namespaced ?? true;
  const namespace = isNamespaced ? `${metadata?.namespace ?? DEFAULT_NAMESPACE}/` : "";
  return `${kind} ${namespace}${metadata?.name}`;
}

/** `documents[2].spec.rules[0]["a.b"]` as its parts. */
export function segmentsOf(path: string): readonly Segment[] {
  return [...path.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)].map(
    ([, index, quoted, word]) => {
      if (index !== undefined) return Number(index);
      return quoted === undefined ? (word ?? "") : (JSON.parse(`"${quoted}"`) as string);
    },
  );
}
