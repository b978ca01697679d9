// Owns reading a batch of documents: each by its kind's schema, none twice.
import { type FieldError, fieldError } from "../../mesh/contract/resources/field-error.ts";
import { type Resource, parseResource } from "../../mesh/contract/resources/parse.ts";
import type { ResourceWrite, StoredResource } from "../../mesh/contract/state.ts";

/** A resource of a batch and where it stands in it. */
export interface BatchItem {
  readonly index: number;
  readonly resource: Resource;
}

export interface Batch {
  readonly items: readonly BatchItem[];
  readonly errors: readonly FieldError[];
}

/** Reads documents; every error of every document is told. */
export function readBatch(documents: readonly unknown[]): Batch {
  const items: BatchItem[] = [];
  const errors: FieldError[] = [];
  const first = new Map<string, number>();
  documents.forEach((document, index) => {
    const parsed = parseResource(document);
    if (!parsed.ok) {
      errors.push(...parsed.errors.map((error) => at(index, error)));
      return;
    }
    const { resource } = parsed;
    const id = idOf(resource);
    const twin = first.get(id);
    if (twin === undefined) first.set(id, index);
    else {
      const what = `is the second ${id} of the batch; the first is document ${twin + 1}`;
      errors.push(
        at(index, fieldError("metadata.name", resource.name, what, "Remove one of them.")),
      );
    }
    items.push({ index, resource });
  });
  return { items, errors };
}

/** An error of a document as an error of the request's body. */
export const at = (index: number, error: FieldError): FieldError => ({
  ...error,
  path: error.path ? `documents[${index}].${error.path}` : `documents[${index}]`,
});

/** `Kind namespace/name`. */
export const idOf = ({ kind, namespace, name }: Resource): string =>
  toId(kind.kind, namespace, name);
export const toId = (kind: string, namespace: string, name: string): string =>
  `${kind} ${namespace ? `${namespace}/` : ""}${name}`;

/** A batch as writes to the store. */
export const toWrites = (items: readonly BatchItem[]): ResourceWrite[] =>
  items.map(({ resource: { kind, ...rest } }) => ({ op: "put", kind: kind.kind, ...rest }));

/** The resources there will be when the batch is written. */
export function overlay(
  stored: readonly StoredResource[],
  items: readonly BatchItem[],
  nowMs: number,
): StoredResource[] {
  const after = new Map(
    stored.map((resource) => {
      const { namespace, name } = resource.metadata;
      return [toId(resource.kind, namespace, name), resource];
    }),
  );
  for (const { resource } of items) {
    const before = after.get(idOf(resource));
    const { kind, apiVersion, name, namespace, labels, annotations, spec } = resource;
    const { generation, creationTimestamp, uid } = before?.metadata ?? {
      generation: 1,
      creationTimestamp: new Date(nowMs).toISOString(),
      uid: "",
    };
    after.set(idOf(resource), {
      ...before,
      apiVersion,
      kind: kind.kind,
      metadata: {
        generation,
        // It has none before it is stored: a version stands for one content.
        resourceVersion: "",
        creationTimestamp,
        uid,
        name,
        namespace,
        ...(labels ? { labels } : {}),
        ...(annotations ? { annotations } : {}),
      },
      spec,
    });
  }
  return [...after.values()];
}
