// Owns reading resources back: by what operators call a kind, in the shape they write them.
import { type Kind, KINDS, findKind } from "../../mesh/contract/resources/kinds.ts";
import { nearest } from "../../mesh/contract/resources/nearest.ts";
import { DEFAULT_NAMESPACE } from "../../mesh/contract/resources/meta.ts";
import type { ResourceWrite } from "../../mesh/contract/state.ts";
import type { Ref } from "../api.ts";
import { compareText } from "../compile/inventory.ts";
import type { Control } from "../control.ts";
import { type Outcome, done, failed, problem } from "../problem.ts";
import { type ImpliedService, impliedServices } from "./implied-services.ts";

/** The namespace that a path names for a kind that lives in none. */
const NO_NAMESPACE = "_";

/**
 * Resources of a kind (absent: all kinds) in a namespace (absent: all). Asked for Services, it answers those too that
 * registered Workers are without a resource.
 */
export async function listResources(
  control: Control,
  kindName: string | undefined,
  namespace: string | undefined,
): Promise<Outcome<{ readonly items: readonly object[] }>> {
  const { store } = control;
  if (!kindName) {
    const names = new Set(KINDS.map(({ kind }) => kind));
    const items = (await store.list(undefined, namespace)).filter(({ kind }) => names.has(kind));
    return done({ items: items.map(toPublic) });
  }
  const kind = kindNamed(kindName);
  if (!kind.ok) return kind;
  const { kind: name, namespaced } = kind.value;
  const written = await store.list(name, namespaced ? namespace : undefined);
  if (name !== "Service") return done({ items: written.map(toPublic) });
  const implied = await impliedServices(control, written, namespace);
  return done({ items: [...written, ...implied].toSorted(byPlace).map(toPublic) });
}

/** One resource. */
export async function getResource(control: Control, ref: Required<Ref>): Promise<Outcome<object>> {
  const kind = kindNamed(ref.kind);
  if (!kind.ok) return kind;
  const { namespace, name } = place(kind.value, ref);
  const found = await control.store.get(kind.value.kind, namespace, name);
  if (found) return done(toPublic(found));
  if (kind.value.kind === "Service") {
    const implied = await impliedServices(control, [], namespace);
    const service = implied.find(({ metadata }) => metadata.name === name);
    if (service) return done(toPublic(service));
  }
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

/** By namespace, then by name. */
function byPlace({ metadata: a }: ImpliedService, { metadata: b }: ImpliedService): number {
  return compareText(a.namespace, b.namespace) || compareText(a.name, b.name);
}

/** A resource as its operator wrote it: without a namespace where its kind lives in none. */
function toPublic({ metadata, ...rest }: ImpliedService): object {
  const { namespace, ...others } = metadata;
  const { apiVersion, kind, ...content } = rest;
  return { apiVersion, kind, metadata: namespace ? metadata : others, ...content };
}
