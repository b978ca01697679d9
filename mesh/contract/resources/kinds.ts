// Owns the list of kinds: names, API versions, whether they live in a namespace, and the schema of each.
import { authorizationPolicySchema } from "./authorization-policy.ts";
import { gatewaySchema } from "./gateway.ts";
import { grpcRouteSchema } from "./grpc-route.ts";
import { httpFilterSchema } from "./http-filter.ts";
import { httpRouteSchema } from "./http-route.ts";
import { listenerSetSchema } from "./listener-set.ts";
import { meshSchema } from "./mesh.ts";
import { GATEWAY_API, HEDDLE_API } from "./meta.ts";
import { referenceGrantSchema } from "./reference-grant.ts";
import { requestAuthenticationSchema } from "./request-authentication.ts";
import { rpcRouteSchema } from "./rpc-route.ts";
import { serviceSchema } from "./service.ts";
import { trafficPolicySchema } from "./traffic-policy.ts";
import { trustDomainResourceSchema } from "./trust-domain.ts";

/** One kind as operators name it. */
export interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly apiVersion: string;
  readonly namespaced: boolean;
  readonly schema:
    | typeof meshSchema
    | typeof authorizationPolicySchema
    | typeof requestAuthenticationSchema
    | typeof serviceSchema
    | typeof trafficPolicySchema
    | typeof trustDomainResourceSchema
    | typeof gatewaySchema
    | typeof listenerSetSchema
    | typeof httpRouteSchema
    | typeof httpFilterSchema
    | typeof grpcRouteSchema
    | typeof rpcRouteSchema
    | typeof referenceGrantSchema;
}

export const KINDS: readonly Kind[] = [
  {
    kind: "Mesh",
    plural: "meshes",
    shortNames: [],
    apiVersion: HEDDLE_API,
    namespaced: false,
    schema: meshSchema,
  },
  {
    kind: "Service",
    plural: "services",
    shortNames: ["svc"],
    apiVersion: HEDDLE_API,
    namespaced: true,
    schema: serviceSchema,
  },
  {
    kind: "AuthorizationPolicy",
    plural: "authorizationpolicies",
    shortNames: ["authz", "ap"],
    apiVersion: HEDDLE_API,
    namespaced: true,
    schema: authorizationPolicySchema,
  },
  {
    kind: "RequestAuthentication",
    plural: "requestauthentications",
    shortNames: ["reqauth", "ra"],
    apiVersion: HEDDLE_API,
    namespaced: true,
    schema: requestAuthenticationSchema,
  },
  {
    kind: "TrafficPolicy",
    plural: "trafficpolicies",
    shortNames: ["tp"],
    apiVersion: HEDDLE_API,
    namespaced: true,
    schema: trafficPolicySchema,
  },
  {
    kind: "TrustDomain",
    plural: "trustdomains",
    shortNames: ["td"],
    apiVersion: HEDDLE_API,
    namespaced: false,
    schema: trustDomainResourceSchema,
  },
  {
    kind: "Gateway",
    plural: "gateways",
    shortNames: ["gtw", "gw"],
    apiVersion: GATEWAY_API,
    namespaced: true,
    schema: gatewaySchema,
  },
  {
    kind: "ListenerSet",
    plural: "listenersets",
    shortNames: ["lset"],
    apiVersion: GATEWAY_API,
    namespaced: true,
    schema: listenerSetSchema,
  },
  {
    kind: "HTTPRoute",
    plural: "httproutes",
    shortNames: ["route", "routes"],
    apiVersion: GATEWAY_API,
    namespaced: true,
    schema: httpRouteSchema,
  },
  {
    kind: "HTTPFilter",
    plural: "httpfilters",
    shortNames: [],
    apiVersion: HEDDLE_API,
    namespaced: true,
    schema: httpFilterSchema,
  },
  {
    kind: "GRPCRoute",
    plural: "grpcroutes",
    shortNames: [],
    apiVersion: GATEWAY_API,
    namespaced: true,
    schema: grpcRouteSchema,
  },
  {
    kind: "RPCRoute",
    plural: "rpcroutes",
    shortNames: ["rpc"],
    apiVersion: HEDDLE_API,
    namespaced: true,
    schema: rpcRouteSchema,
  },
  {
    kind: "ReferenceGrant",
    plural: "referencegrants",
    shortNames: ["refgrant", "refgrants"],
    apiVersion: GATEWAY_API,
    namespaced: true,
    schema: referenceGrantSchema,
  },
];

/** A kind by its singular, plural or short name in any case, or null. */
export function findKind(name: string): Kind | null {
  const given = name.toLowerCase();
  const names = (kind: Kind): string[] => [
    kind.kind.toLowerCase(),
    kind.plural,
    ...kind.shortNames,
  ];
  return KINDS.find((kind) => names(kind).includes(given)) ?? null;
}
