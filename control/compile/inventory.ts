// Owns everything the compiler looks up: the resources of one turn, parsed and indexed. Order is by age, then name.
import type { Defaults } from "../../mesh/contract/table.ts";
import type { StoredResource } from "../../mesh/contract/state.ts";
import {
  type AuthorizationPolicySpec,
  authorizationPolicySpecSchema,
} from "../../mesh/contract/resources/authorization-policy.ts";
import { type GatewaySpec, gatewaySpecSchema } from "../../mesh/contract/resources/gateway.ts";
import { grpcRouteSpecSchema } from "../../mesh/contract/resources/grpc-route.ts";
import {
  type HTTPFilterSpec,
  httpFilterSpecSchema,
} from "../../mesh/contract/resources/http-filter.ts";
import {
  type HTTPRouteSpec,
  httpRouteSpecSchema,
} from "../../mesh/contract/resources/http-route.ts";
import {
  type ListenerSetSpec,
  listenerSetSpecSchema,
} from "../../mesh/contract/resources/listener-set.ts";
import { type MeshSpec, meshSpecSchema } from "../../mesh/contract/resources/mesh.ts";
import {
  type ReferenceGrantSpec,
  referenceGrantSpecSchema,
} from "../../mesh/contract/resources/reference-grant.ts";
import { rpcRouteSpecSchema } from "../../mesh/contract/resources/rpc-route.ts";
import { type ServiceSpec, serviceSpecSchema } from "../../mesh/contract/resources/service.ts";
import {
  type TrafficPolicySpec,
  trafficPolicySpecSchema,
} from "../../mesh/contract/resources/traffic-policy.ts";
import {
  type TrustDomainSpec,
  trustDomainSpecSchema,
} from "../../mesh/contract/resources/trust-domain.ts";
import {
  TRUST_BUNDLE_KIND,
  type TrustBundleSpec,
  trustBundleSpecSchema,
} from "../trust/stored-bundle.ts";
import { WORKLOAD_KIND, type WorkloadSpec, workloadSpecSchema } from "../resources/workload.ts";
import { toHttpRoutes } from "./grpc-routes.ts";
import { toRpcRules } from "./rpc-routes.ts";
import { effectiveDefaults } from "./effective-defaults.ts";
import { type ServiceEntry, indexServices } from "./services.ts";

/** A stored resource with its spec parsed. */
export interface Known<S> {
  /** `namespace/name`. */
  readonly id: string;
  readonly namespace: string;
  readonly spec: S;
  readonly stored: StoredResource;
}

/** A registered Worker. */
export interface Workload {
  /** `namespace/name`. */
  readonly id: string;
  readonly namespace: string;
  readonly spec: WorkloadSpec;
  readonly bound: ReadonlySet<string>;
}

export interface Inventory {
  readonly mesh: Known<MeshSpec> | null;
  readonly defaults: Defaults;
  readonly gateways: readonly Known<GatewaySpec>[];
  readonly policies: readonly Known<AuthorizationPolicySpec>[];
  readonly trafficPolicies: readonly Known<TrafficPolicySpec>[];
  readonly trustDomains: readonly Known<TrustDomainSpec>[];
  /** Bundles that were fetched, by the name of their TrustDomain. */
  readonly trustBundles: ReadonlyMap<string, Known<TrustBundleSpec>>;
  readonly listenerSets: readonly Known<ListenerSetSpec>[];
  /** GRPCRoutes too, in the words of HTTPRoute. */
  readonly routes: readonly Known<HTTPRouteSpec>[];
  /** RPCRoutes, in the words of HTTPRoute; their rule tables are apart. */
  readonly rpcRoutes: readonly Known<HTTPRouteSpec>[];
  /** By `namespace/name`. */
  readonly httpFilters: ReadonlyMap<string, Known<HTTPFilterSpec>>;
  readonly grants: readonly Known<ReferenceGrantSpec>[];
  readonly workloads: ReadonlyMap<string, Workload>;
  readonly services: ReadonlyMap<string, ServiceEntry>;
  /** Resources whose stored spec this build's schema no longer takes. */
  readonly unreadable: readonly StoredResource[];
  namespaceLabels(namespace: string): Readonly<Record<string, string>>;
}

/** Parses and indexes what is stored. */
export function takeInventory(resources: readonly StoredResource[]): Inventory {
  const unreadable: StoredResource[] = [];
  const ordered = resources.toSorted(byAgeThenName);
  const all = <S>(kind: string, schema: SpecSchema<S>): Known<S>[] =>
    ordered
      .filter((stored) => stored.kind === kind)
      .flatMap((stored) => {
        const parsed = schema.safeParse(stored.spec);
        if (parsed.success) return [toKnown(stored, parsed.data)];
        unreadable.push(stored);
        return [];
      });
  const mesh = all("Mesh", meshSpecSchema)[0] ?? null;
  const workloads = new Map(
    all(WORKLOAD_KIND, workloadSpecSchema)
      .toSorted((a, b) => compareText(a.id, b.id))
      .map(({ id, namespace, spec }) => [id, { id, namespace, spec, bound: new Set(spec.bound) }]),
  );
  return {
    mesh,
    defaults: effectiveDefaults(mesh?.spec.defaults),
    gateways: all("Gateway", gatewaySpecSchema),
    policies: all("AuthorizationPolicy", authorizationPolicySpecSchema),
    trafficPolicies: all("TrafficPolicy", trafficPolicySpecSchema),
    trustDomains: all("TrustDomain", trustDomainSpecSchema),
    trustBundles: new Map(
      all(TRUST_BUNDLE_KIND, trustBundleSpecSchema).map((known) => [
        known.stored.metadata.name,
        known,
      ]),
    ),
    listenerSets: all("ListenerSet", listenerSetSpecSchema),
    routes: [
      ...all("HTTPRoute", httpRouteSpecSchema),
      ...toHttpRoutes(all("GRPCRoute", grpcRouteSpecSchema)),
    ].toSorted((a, b) => byAgeThenName(a.stored, b.stored)),
    rpcRoutes: toRpcRules(all("RPCRoute", rpcRouteSpecSchema)),
    httpFilters: new Map(all("HTTPFilter", httpFilterSpecSchema).map((known) => [known.id, known])),
    grants: all("ReferenceGrant", referenceGrantSpecSchema),
    workloads,
    services: indexServices(all<ServiceSpec>("Service", serviceSpecSchema), workloads),
    unreadable,
    namespaceLabels: (namespace) => ({
      "kubernetes.io/metadata.name": namespace,
      ...mesh?.spec.namespaces?.[namespace]?.labels,
    }),
  };
}

interface SpecSchema<S> {
  safeParse(spec: unknown): { success: true; data: S } | { success: false };
}

const toKnown = <S>(stored: StoredResource, spec: S): Known<S> => {
  const { namespace, name } = stored.metadata;
  return { id: `${namespace}/${name}`, namespace, spec, stored };
};

/** Gateway API precedence between resources: oldest first, then `namespace/name`. */
function byAgeThenName(a: StoredResource, b: StoredResource): number {
  const [first, second] = [a.metadata, b.metadata];
  return (
    Date.parse(first.creationTimestamp) - Date.parse(second.creationTimestamp) ||
    compareText(`${first.namespace}/${first.name}`, `${second.namespace}/${second.name}`)
  );
}

/** Order by code unit, the same on every machine. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
