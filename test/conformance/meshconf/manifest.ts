// Owns the resources a case file asks for, in the words of `heddle apply`: Services, Gateways, and the file's own.
import { isDeepStrictEqual } from "node:util";
import type { Backend, CaseFile, NamedSpec } from "./case-file.ts";

/** One resource as it is applied. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

export const GATEWAY_API = "gateway.networking.k8s.io/v1";
export const HEDDLE_API = "heddle.dev/v1";
/** Upstream leaves the class to the implementation; ours looks at no class but must have one. */
export const GATEWAY_CLASS = "heddle";

/** Everything that has to be there while the cases of a file run. */
export function manifestsOf(file: CaseFile): readonly Manifest[] {
  return [
    ...file.backends.map(toService),
    ...file.gateways.map((gateway) =>
      toManifest("Gateway", {
        ...gateway,
        spec: { gatewayClassName: GATEWAY_CLASS, ...gateway.spec },
      }),
    ),
    ...file.resources.map((resource) => toManifest(resource.kind, resource)),
  ];
}

/** A resource of a Gateway API kind. */
export function toManifest(kind: string, { name, namespace, spec }: NamedSpec): Manifest {
  return { apiVersion: GATEWAY_API, kind, metadata: { name, namespace }, spec };
}

/** A Service whose endpoints are the Workers of the backend's workloads. */
function toService(backend: Backend): Manifest {
  return {
    apiVersion: HEDDLE_API,
    kind: "Service",
    metadata: { name: backend.service, namespace: backend.namespace },
    spec: {
      ports: backend.ports,
      endpoints: backend.workloads.map((one) => ({
        name: one.workload,
        worker: one.workload,
        ...(one.labels === undefined ? {} : { labels: one.labels }),
      })),
    },
  };
}

/** What lies between what is applied and what should be: the first to delete, the second to apply. */
export function changes(
  current: readonly Manifest[],
  wanted: readonly Manifest[],
): { readonly remove: readonly Manifest[]; readonly apply: readonly Manifest[] } {
  return {
    remove: current.filter((one) => !wanted.some((other) => keyOf(other) === keyOf(one))),
    apply: wanted.filter((one) => !current.some((other) => isDeepStrictEqual(other, one))),
  };
}

/** `Kind namespace/name`. */
export const keyOf = (one: Manifest): string =>
  `${one.kind} ${one.metadata.namespace ?? ""}/${one.metadata.name}`;

/** A copy with the values at the paths (`spec.rules[0].name`) replaced. */
export function patched(one: Manifest, set: Readonly<Record<string, unknown>>): Manifest {
  const copy = structuredClone(one) as unknown as Record<string, unknown>;
  for (const [path, value] of Object.entries(set)) setAt(copy, path, value);
  return copy as unknown as Manifest;
}

function setAt(root: Record<string, unknown>, path: string, value: unknown): void {
  const keys = path.match(/[^.[\]]+/g) ?? [];
  let node = root;
  for (const key of keys.slice(0, -1)) {
    const next = node[key];
    if (typeof next !== "object" || next === null) throw new Error(`patch: no ${key} in ${path}`);
    node = next as Record<string, unknown>;
  }
  const last = keys.at(-1);
  if (last === undefined) throw new Error("patch: empty path");
  node[last] = value;
}
