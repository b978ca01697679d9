// Turns documents, as operators write them, into stored resources, as the compiler gets them.
import { parseResource } from "../../mesh/contract/resources/parse.ts";
import type { StoredResource } from "../../mesh/contract/state.ts";
import {
  WORKLOAD_API,
  WORKLOAD_KIND,
  workloadSchema,
} from "../../control/resources/workload.ts";

interface Document {
  readonly kind?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

const FIRST = "2026-01-01T00:00:00.000Z";

/** Parses one document; throws with the errors where it is not valid. */
export function toStored(document: Document): StoredResource {
  if (document.kind === WORKLOAD_KIND) return workload(document);
  const parsed = parseResource(document);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors, null, 2));
  const { kind, apiVersion, namespace, name, annotations, spec } = parsed.resource;
  return {
    apiVersion,
    kind: kind.kind,
    metadata: {
      ...stamp(document.metadata),
      namespace,
      name,
      ...(annotations ? { annotations } : {}),
    },
    spec,
  };
}

function workload({ kind, metadata, ...record }: Document): StoredResource {
  void kind;
  const { workload: id, ...spec } = workloadSchema.parse(record);
  const [namespace = "", name = ""] = id.split("/");
  return {
    apiVersion: WORKLOAD_API,
    kind: WORKLOAD_KIND,
    metadata: { ...stamp(metadata), namespace, name },
    spec,
  };
}

const stamp = (metadata: Readonly<Record<string, unknown>> = {}) => ({
  generation: Number(metadata["generation"] ?? 1),
  resourceVersion: "1",
  creationTimestamp: (metadata["creationTimestamp"] as string | undefined) ?? FIRST,
  uid: "u",
});

/** A registered, woven Worker bound to these endpoints. */
export const woven = (id: string, bound: readonly string[] = [], labels = {}): Document => ({
  kind: WORKLOAD_KIND,
  workload: id,
  labels,
  woven: true,
  bound,
});
