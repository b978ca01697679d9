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
import {
  type RequestAuthenticationSpec,
  requestAuthenticationSpecSchema,
} from "../../mesh/contract/resources/request-authentication.ts";
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
import { USER_KEYS_KIND, type UserKeysSpec, userKeysSpecSchema } from "../jwks/stored.ts";
import { WORKLOAD_KIND, type WorkloadSpec, workloadSpecSchema } from "../resources/workload.ts";
import { toHttpRoutes } from "./grpc-routes.ts";
import { toRpcRules } from "./rpc-routes.ts";
import { type Reuse, createReuse, tokenOf } from "./reuse.ts";
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
  readonly authentications: readonly Known<RequestAuthenticationSpec>[];
  /** Keys that were fetched, by the id of their RequestAuthentication. */
  readonly userKeys: ReadonlyMap<string, Known<UserKeysSpec>>;
  readonly trafficPolicies: readonly Known<TrafficPolicySpec>[];
  readonly trustDomains: readonly Known<TrustDomainSpec>[];
  /** Bundles that were fetched, by the id of their TrustDomain. */
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
  /** The same object for as long as nothing but routes and statuses changes. */
  readonly scene: object;
}

/** Parses and indexes what is stored. */
export function takeInventory(
  resources: readonly StoredResource[],
  reuse: Reuse = createReuse(),
): Inventory {
  const unreadable: StoredResource[] = [];
  const byKind = Map.groupBy(inOrder(resources), ({ stored }) => stored.kind);
  const all = <S>(kind: string, schema: SpecSchema<S>): Known<S>[] =>
    (byKind.get(kind) ?? []).flatMap(({ stored, id }) => {
      const parsed = reuse.of(`${kind} ${id}`, [tokenOf(stored)], () =>
        schema.safeParse(stored.spec),
      );
      if (parsed.success)
        return [{ id, namespace: stored.metadata.namespace, spec: parsed.data, stored }];
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
    authentications: all("RequestAuthentication", requestAuthenticationSpecSchema),
    userKeys: new Map(all(USER_KEYS_KIND, userKeysSpecSchema).map((known) => [known.id, known])),
    trafficPolicies: all("TrafficPolicy", trafficPolicySpecSchema),
    trustDomains: all("TrustDomain", trustDomainSpecSchema),
    trustBundles: new Map(
      all(TRUST_BUNDLE_KIND, trustBundleSpecSchema).map((known) => [known.id, known]),
    ),
    listenerSets: all("ListenerSet", listenerSetSpecSchema),
    routes: merged(
      all("HTTPRoute", httpRouteSpecSchema),
      toHttpRoutes(all("GRPCRoute", grpcRouteSpecSchema), reuse),
    ),
    rpcRoutes: toRpcRules(all("RPCRoute", rpcRouteSpecSchema), reuse),
    httpFilters: new Map(all("HTTPFilter", httpFilterSpecSchema).map((known) => [known.id, known])),
    grants: all("ReferenceGrant", referenceGrantSpecSchema),
    workloads,
    services: indexServices(all<ServiceSpec>("Service", serviceSpecSchema), workloads),
    unreadable,
    namespaceLabels: (namespace) => ({
      "kubernetes.io/metadata.name": namespace,
      ...mesh?.spec.namespaces?.[namespace]?.labels,
    }),
    scene: reuse.of(
      "scene",
      [...byKind].flatMap(([kind, items]) =>
        ROUTES.has(kind) ? [] : [kind, ...items.map(({ stored }) => tokenOf(stored))],
      ),
      () => ({}),
    ),
  };
}

const ROUTES: ReadonlySet<string> = new Set(["HTTPRoute", "GRPCRoute", "RPCRoute"]);

interface SpecSchema<S> {
  safeParse(spec: unknown): { success: true; data: S } | { success: false };
}

/** A resource with what it is ordered by. */
interface Placed {
  readonly stored: StoredResource;
  /** `namespace/name`. */
  readonly id: string;
  readonly createdMs: number;
}

/** Gateway API precedence between resources: oldest first, then `namespace/name`. */
const inOrder = (resources: readonly StoredResource[]): Placed[] =>
  resources.map(placed).toSorted(byAgeThenName);

const placed = (stored: StoredResource): Placed => {
  const { namespace, name, creationTimestamp } = stored.metadata;
  return { stored, id: `${namespace}/${name}`, createdMs: Date.parse(creationTimestamp) };
};

const byAgeThenName = (a: Placed, b: Placed): number =>
  a.createdMs - b.createdMs || compareText(a.id, b.id);

/** Two lists in order as one in order. */
function merged<S>(first: Known<S>[], second: Known<S>[]): Known<S>[] {
  if (second.length === 0) return first;
  return [...first, ...second]
    .map((known) => ({ known, ...placed(known.stored) }))
    .toSorted(byAgeThenName)
    .map(({ known }) => known);
}

/** Order by code unit, the same on every machine. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
