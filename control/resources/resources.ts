// Owns reading resources back: by what operators call a kind, in the shape they write them.
import { type Kind, KINDS, findKind } from "../../mesh/contract/resources/kinds.ts";
import { nearest } from "../../mesh/contract/resources/nearest.ts";
import { DEFAULT_NAMESPACE } from "../../mesh/contract/resources/meta.ts";
import type { ResourceWrite, StoredResource } from "../../mesh/contract/state.ts";
import type { Ref } from "../api.ts";
import type { Control } from "../control.ts";
import { type Outcome, done, failed, problem } from "../problem.ts";

/** The namespace that a path names for a kind that lives in none. */
const NO_NAMESPACE = "_";

/** Resources of a kind (absent: all kinds) in a namespace (absent: all). */
export async function listResources(
  { store }: Control,
  kindName: string | undefined,
  namespace: string | undefined,
): Promise<Outcome<{ readonly items: readonly object[] }>> {
  if (!kindName) {
    const names = new Set(KINDS.map(({ kind }) => kind));
    const items = (await store.list(undefined, namespace)).filter(({ kind }) => names.has(kind));
    return done({ items: items.map(toPublic) });
  }
  const kind = kindNamed(kindName);
  if (!kind.ok) return kind;
  const { kind: name, namespaced } = kind.value;
  return done({
    items: (await store.list(name, namespaced ? namespace : undefined)).map(toPublic),
  });
}

/** One resource. */
export async function getResource(
  { store }: Control,
  ref: Required<Ref>,
): Promise<Outcome<object>> {
  const kind = kindNamed(ref.kind);
  if (!kind.ok) return kind;
  const { namespace, name } = place(kind.value, ref);
  const found = await store.get(kind.value.kind, namespace, name);
  if (found) return done(toPublic(found));
  const where = namespace ? ` in namespace ${namespace}` : "";
  return failed(problem("not_found", `There is no ${kind.value.kind} ${name}${where}.`));
}

/** References as deletions. */
export function toDeletions(refs: readonly Ref[]): Outcome<ResourceWrite[]> {
  const writes: ResourceWrite[] = [];
  for (const ref of refs) {
    const kind = kindNamed(ref.kind);
    if (!kind.ok) return kind;
    const { kind: name, apiVersion } = kind.value;
    writes.push({ op: "delete", apiVersion, kind: name, ...place(kind.value, ref) });
  }
  return done(writes);
}

function kindNamed(name: string): Outcome<Kind> {
  const kind = findKind(name);
  if (kind) return done(kind);
  const names = KINDS.flatMap(({ kind: own, plural, shortNames }) => [own, plural, ...shortNames]);
  const guess = nearest(name, names);
  const detail = `${JSON.stringify(name)} is not a kind.${guess ? ` Did you mean "${guess}"?` : ""}`;
  return failed(problem("not_found", detail));
}

function place(
  { namespaced }: Kind,
  { namespace, name }: Ref,
): { namespace: string; name: string } {
  if (!namespaced) return { namespace: "", name };
  return {
    namespace: !namespace || namespace === NO_NAMESPACE ? DEFAULT_NAMESPACE : namespace,
    name,
  };
}

/** A resource as its operator wrote it: without a namespace where its kind lives in none. */
function toPublic({ metadata, ...rest }: StoredResource): object {
  const { namespace, ...others } = metadata;
  const { apiVersion, kind, ...content } = rest;
  return { apiVersion, kind, metadata: namespace ? metadata : others, ...content };
}
