// Owns `heddle diff`: what applying files would change of the running mesh.
import type { StoredResource } from "../../mesh/contract/state.ts";
import { loadInput } from "../analyze/load.ts";
import { listResources } from "../api.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Io } from "../io.ts";
import { unified } from "../output/unified.ts";
import { readDocuments } from "./documents.ts";
import { resourceOf } from "./resource-of.ts";
import { findControl } from "./target.ts";

export interface DiffOptions {
  readonly filename?: readonly string[];
  readonly project: string;
  readonly output: "table" | "json";
}

/** A resource as both sides are compared: what an operator writes, defaults filled in. */
interface Written {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
}

interface Change {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly change: "create" | "configure";
  readonly before: Written | null;
  readonly after: Written;
}

/** Prints the differences, unified; ends with 1 when there are some, as diff does. */
export async function diff(io: Io, options: DiffOptions): Promise<ExitCode> {
  const stored = await listResources(findControl(io));
  const documents =
    options.filename === undefined
      ? (await loadInput(io, options)).documents
      : await readDocuments(io, options.filename);
  const changes = documents.flatMap((document) => {
    const { apiVersion, kind, name, namespace, labels, annotations, spec } = resourceOf(document);
    const after = toWritten(apiVersion, kind.kind, { name, namespace, labels, annotations }, spec);
    const before = stored.find((one) => isSame(one, kind.kind, name, namespace));
    return changeOf(before, after, name, namespace) ?? [];
  });
  if (options.output === "json") io.out(`${JSON.stringify({ changes }, null, 2)}\n`);
  else for (const change of changes) io.out(await textOf(change));
  return changes.length > 0 ? EXIT.failed : EXIT.ok;
}

/** A kind that lives in no namespace is read back without one. */
const isSame = (
  { kind, metadata }: StoredResource,
  wanted: string,
  name: string,
  namespace: string,
): boolean =>
  kind === wanted &&
  metadata.name === name &&
  ((metadata.namespace as string | undefined) ?? "") === namespace;

function changeOf(
  stored: StoredResource | undefined,
  after: Written,
  name: string,
  namespace: string,
): Change | null {
  const before = stored
    ? toWritten(stored.apiVersion, stored.kind, stored.metadata, stored.spec)
    : null;
  if (before && stable(before) === stable(after)) return null;
  return {
    kind: after.kind,
    ...(namespace ? { namespace } : {}),
    name,
    change: before ? "configure" : "create",
    before,
    after,
  };
}

function toWritten(
  apiVersion: string,
  kind: string,
  metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: unknown;
    readonly annotations?: unknown;
  },
  spec: Readonly<Record<string, unknown>>,
): Written {
  const { name, namespace, labels, annotations } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(namespace ? { namespace } : {}),
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
    },
    spec,
  };
}

/** The same text for the same value, whatever the order of its members. */
const stable = (value: unknown): string => JSON.stringify(sorted(value));

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}

async function textOf({ kind, namespace, name, before, after }: Change): Promise<string> {
  const { stringify } = await import("yaml");
  const title = `${kind}/${namespace ? `${namespace}/` : ""}${name}`;
  const yaml = (value: Written | null): string => (value ? stringify(sorted(value)) : "");
  return unified(
    yaml(before),
    yaml(after),
    before ? `live/${title}` : "/dev/null",
    `files/${title}`,
  );
}
