// Owns what a project's resources say about where a dialled service may lead: its endpoints and its routes' backends.
// Reads the documents as written: an unsound one is control's to refuse, and here names nothing.
import { DEFAULT_NAMESPACE } from "../../mesh/contract/resources/meta.ts";
import { toWorkload } from "../../mesh/contract/resources/service.ts";
import type { SourcedDocument } from "../project/resources.ts";

/** An endpoint a Service resource names. */
export interface NamedEndpoint {
  readonly workload: string;
  /** Fixed by the Service; undefined: the one the caller dials. */
  readonly entrypoint: string | undefined;
}

/** What the resources steer, by `namespace/name` of the service. */
export interface Steering {
  /** Endpoints of Service resources that list them. */
  readonly endpoints: ReadonlyMap<string, readonly NamedEndpoint[]>;
  /** Backends of routes attached to a service, by that service. */
  readonly backends: ReadonlyMap<string, ReadonlySet<string>>;
  /** Services that a resource is about, or that a route is attached to. */
  readonly services: ReadonlySet<string>;
}

const ROUTES: ReadonlySet<string> = new Set(["HTTPRoute", "GRPCRoute", "RPCRoute"]);

/** Reads what `Service`, `HTTPRoute` and `GRPCRoute` documents steer. */
export function readSteering(documents: readonly SourcedDocument[]): Steering {
  const endpoints = new Map<string, readonly NamedEndpoint[]>();
  const backends = new Map<string, Set<string>>();
  const services = new Set<string>();
  for (const document of documents) {
    const namespace = document.namespace ?? DEFAULT_NAMESPACE;
    const spec = recordOf(document.value["spec"]);
    if (document.kind === "Service") {
      const id = `${namespace}/${document.name}`;
      services.add(id);
      if (Array.isArray(spec["endpoints"])) endpoints.set(id, endpointsOf(spec, namespace));
      const [of] = subsetOf(spec, namespace);
      if (of !== undefined) backends.set(id, new Set([of]));
    } else if (ROUTES.has(document.kind)) {
      const targets = backendsOf(spec, namespace);
      for (const parent of parentServices(
        spec,
        namespace,
        document.kind === "RPCRoute" ? "Service" : "Gateway",
      )) {
        services.add(parent);
        backends.set(parent, new Set([...(backends.get(parent) ?? []), ...targets]));
      }
    }
  }
  return { endpoints, backends, services };
}

/** Endpoints that calls to a service may be steered to: its own and those of its routes' backends. */
export function endpointsBehind(service: string, steering: Steering): readonly NamedEndpoint[] {
  const services = new Set([service]);
  for (const id of services)
    for (const behind of steering.backends.get(id) ?? []) services.add(behind);
  return [...services].flatMap(
    (id) => steering.endpoints.get(id) ?? [{ workload: id, entrypoint: undefined }],
  );
}

function endpointsOf(spec: Fields, namespace: string): readonly NamedEndpoint[] {
  return listOf(spec["endpoints"]).flatMap(({ worker, entrypoint }) =>
    typeof worker === "string"
      ? [
          {
            workload: toWorkload(worker, namespace),
            entrypoint: typeof entrypoint === "string" ? entrypoint : undefined,
          },
        ]
      : [],
  );
}

/** The service whose endpoints a subset has; all of them may be steered to, since labels can change. */
const subsetOf = (spec: Fields, own: string): readonly string[] => {
  const { service, namespace } = recordOf(spec["subset"]);
  return idOf({ name: service, namespace }, own);
};

function parentServices(spec: Fields, namespace: string, usual: string): readonly string[] {
  return listOf(spec["parentRefs"])
    .filter(
      ({ group, kind = usual }) => kind === "Service" && (group === "" || group === undefined),
    )
    .flatMap((ref) => idOf(ref, namespace));
}

/** Every Service a route's rules name: backends, and targets of mirrors. */
function backendsOf(spec: Fields, namespace: string): readonly string[] {
  return listOf(spec["rules"])
    .flatMap((rule) => [
      ...listOf(rule["backendRefs"]),
      ...[rule, ...listOf(rule["backendRefs"])]
        .flatMap(({ filters }) => listOf(filters))
        .map(({ requestMirror }) => recordOf(recordOf(requestMirror)["backendRef"])),
    ])
    .flatMap((ref) => idOf(ref, namespace));
}

function idOf({ name, namespace, kind }: Fields, own: string): readonly string[] {
  if (typeof name !== "string" || (kind !== undefined && kind !== "Service")) return [];
  return [`${typeof namespace === "string" ? namespace : own}/${name}`];
}

type Fields = Readonly<Record<string, unknown>>;

const recordOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};

const listOf = (value: unknown): readonly Fields[] =>
  Array.isArray(value) ? value.map(recordOf) : [];
