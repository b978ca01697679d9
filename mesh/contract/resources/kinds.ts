// Owns the list of kinds: names, API versions, whether they live in a namespace, and the schema of each.
import { gatewaySchema } from "./gateway.ts";
import { grpcRouteSchema } from "./grpc-route.ts";
import { httpRouteSchema } from "./http-route.ts";
import { meshSchema } from "./mesh.ts";
import { GATEWAY_API, HEDDLE_API } from "./meta.ts";
import { referenceGrantSchema } from "./reference-grant.ts";
import { serviceSchema } from "./service.ts";

/** One kind as operators name it. */
export interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly apiVersion: string;
  readonly namespaced: boolean;
  readonly schema:
    | typeof meshSchema
    | typeof serviceSchema
    | typeof gatewaySchema
    | typeof httpRouteSchema
    | typeof grpcRouteSchema
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
    kind: "Gateway",
    plural: "gateways",
    shortNames: ["gtw", "gw"],
    apiVersion: GATEWAY_API,
    namespaced: true,
    schema: gatewaySchema,
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
    kind: "GRPCRoute",
    plural: "grpcroutes",
    shortNames: [],
    apiVersion: GATEWAY_API,
    namespaced: true,
    schema: grpcRouteSchema,
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
