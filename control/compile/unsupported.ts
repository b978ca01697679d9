// Owns the list of what resources may say and the data plane does not do yet; each becomes a condition, never silence.
import type { GatewaySpec } from "../../mesh/contract/resources/gateway.ts";
import type { HTTPRouteSpec } from "../../mesh/contract/resources/http-route.ts";
import type { MeshSpec } from "../../mesh/contract/resources/mesh.ts";
import type { ServiceSpec } from "../../mesh/contract/resources/service.ts";
import { type FilterPlace, isSupported } from "./filters.ts";

/** Paths of fields of an HTTPRoute that have no effect yet. */
export function unsupportedOfRoute(spec: HTTPRouteSpec): string[] {
  const found = spec.rules.flatMap((rule, index) => {
    const at = `spec.rules[${index}]`;
    return [
      ...unsupportedFilters(rule.filters, "rule", at),
      ...(rule.backendRefs ?? []).flatMap(({ filters }, backend) =>
        unsupportedFilters(filters, "backendRef", `${at}.backendRefs[${backend}]`),
      ),
    ];
  });
  return spec.useDefaultGateways === "All" ? ["spec.useDefaultGateways", ...found] : found;
}

/** A backend behind such a filter answers 500: what it was to check must not be passed by. */
const unsupportedFilters = (
  filters: HTTPRouteSpec["rules"][number]["filters"],
  place: FilterPlace,
  at: string,
): string[] =>
  (filters ?? []).flatMap((filter, index) =>
    isSupported(filter, place) ? [] : [`${at}.filters[${index}] (${filter.type})`],
  );

/** Paths of fields of a Gateway that have no effect: the platform terminates TLS and gives addresses. */
export function unsupportedOfGateway(spec: GatewaySpec): string[] {
  const listeners = spec.listeners.flatMap(({ tls }, index) =>
    tls ? [`spec.listeners[${index}].tls`] : [],
  );
  const fields = ["addresses", "infrastructure", "tls", "defaultScope"] as const;
  return [
    ...listeners,
    ...fields.filter((field) => spec[field] !== undefined).map((field) => `spec.${field}`),
  ];
}

/** Paths of fields of a Mesh that have no effect yet. */
export function unsupportedOfMesh({ defaults }: MeshSpec): string[] {
  return defaults?.egress?.globalFetch === "policy" ? ["spec.defaults.egress.globalFetch"] : [];
}

/** Paths of fields of a Service that have no effect yet. */
export function unsupportedOfService(spec: ServiceSpec): string[] {
  return spec.healthCheck ? ["spec.healthCheck"] : [];
}
