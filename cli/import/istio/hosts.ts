// Owns what an Istio host is to the mesh: a Service, a subset of one, or a name that only a Gateway sees.
import type { IstioDocument, Scene } from "./scene.ts";
import { make, toName } from "./scene.ts";

/** A Service by name and namespace. */
export interface ServiceRef {
  readonly name: string;
  readonly namespace: string;
}

const CLUSTER = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.[a-z0-9.-]+)?$/;

/** The Service a host names: a short name, or one of the cluster's own domain; null for any other. */
export function serviceOf(host: string, namespace: string): ServiceRef | null {
  const full = CLUSTER.exec(host);
  if (full) return { name: full[1] ?? "", namespace: full[2] ?? "" };
  return /^[a-z0-9-]+$/.test(host) ? { name: host, namespace } : null;
}

/** A host without wildcard that is no Service: a Service of that name is made, for callers to bind to. */
export const namedAfter = (host: string, namespace: string): ServiceRef => ({
  name: toName(host),
  namespace,
});

/** The Service that stands for a subset. */
export const subsetOf = ({ name, namespace }: ServiceRef, subset: string): ServiceRef => ({
  name: toName(`${name}-${subset}`),
  namespace,
});

/** The Service a destination leads to; a subset that no DestinationRule defines is made without endpoints. */
export function destinationOf(
  host: string,
  subset: string | undefined,
  document: IstioDocument,
  scene: Scene,
): ServiceRef {
  const service = serviceOf(host, document.namespace) ?? namedAfter(host, document.namespace);
  if (subset === undefined) return service;
  const ref = subsetOf(service, subset);
  if (isDefined(service, subset, scene) || isMade(ref, scene)) return ref;
  document.remark(
    "warning",
    [],
    `subset ${subset} of ${host} is defined by no DestinationRule read here: its calls are answered 503`,
  );
  make(scene, document, serviceManifest(ref, { endpoints: [] }));
  return ref;
}

/** A Service resource. */
export const serviceManifest = (
  { name, namespace }: ServiceRef,
  spec: Readonly<Record<string, unknown>>,
) => ({ apiVersion: "heddle.dev/v1", kind: "Service", metadata: { name, namespace }, spec });

const isMade = ({ name, namespace }: ServiceRef, { made }: Scene): boolean =>
  made.some(
    ({ kind, metadata }) =>
      kind === "Service" && metadata.name === name && metadata.namespace === namespace,
  );

const isDefined = (service: ServiceRef, subset: string, { documents }: Scene): boolean =>
  documents.some(({ kind, namespace, spec }) => {
    if (kind !== "DestinationRule") return false;
    const of = serviceOf(spec.text("host") ?? "", namespace);
    const isSame = of?.name === service.name && of.namespace === service.namespace;
    return isSame && subsetNames(spec.raw("subsets")).includes(subset);
  });

const subsetNames = (subsets: unknown): readonly unknown[] =>
  Array.isArray(subsets) ? subsets.map((one: { readonly name?: unknown }) => one?.name) : [];
