// Owns the way from a document (parsed YAML or JSON) to a resource: kind, API version, schema, defaults.
import { type FieldError, fieldError, kindOf, toFieldErrors } from "./field-error.ts";
import { KINDS, type Kind } from "./kinds.ts";
import { nearest } from "./nearest.ts";

/** A document that its kind's schema accepted, with the API's defaults filled in. */
export interface Resource {
  readonly kind: Kind;
  readonly apiVersion: string;
  readonly name: string;
  /** Empty for a kind that lives in no namespace. */
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly resourceVersion?: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

export type Parsed =
  | { readonly ok: true; readonly resource: Resource }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

/** Parses one document; never throws. */
export function parseResource(document: unknown): Parsed {
  if (kindOf(document) !== "object") {
    const mend = "Write an object with apiVersion, kind, metadata and spec.";
    return { ok: false, errors: [fieldError("", document, `is a ${kindOf(document)}`, mend)] };
  }
  const kind = kindFor(document as Readonly<Record<string, unknown>>);
  if ("errors" in kind) return { ok: false, errors: kind.errors };
  const result = kind.schema.safeParse(document);
  if (!result.success) {
    return { ok: false, errors: toFieldErrors(result.error.issues, document, kind.schema) };
  }
  const { apiVersion, metadata, spec } = result.data;
  const { name, labels, annotations, resourceVersion } = metadata;
  const namespace = "namespace" in metadata ? String(metadata.namespace) : "";
  return {
    ok: true,
    resource: {
      kind,
      apiVersion,
      name,
      namespace,
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(resourceVersion ? { resourceVersion } : {}),
      spec,
    },
  };
}

function kindFor(
  document: Readonly<Record<string, unknown>>,
): Kind | { errors: readonly FieldError[] } {
  const given = document["kind"];
  const kind = KINDS.find((candidate) => candidate.kind === given);
  if (kind) return kind;
  const names = KINDS.map((candidate) => candidate.kind);
  const guess = typeof given === "string" ? nearest(given, names) : null;
  const mend = guess ? `Did you mean "${guess}"?` : `Write one of ${names.join(", ")}.`;
  const what =
    given === undefined
      ? "is missing"
      : `${JSON.stringify(given).slice(0, 60)} is not a known kind`;
  return { errors: [fieldError("kind", given, what, mend)] };
}
