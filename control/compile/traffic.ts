// Owns which TrafficPolicy holds where: by service and, within it, by endpoint, RPC method or route. Of two that say the
// same of one target the older one holds.
import type { BalancingSpec } from "../../mesh/contract/resources/balancing.ts";
import { toBreaker } from "../../mesh/contract/resources/breaker.ts";
import type { TrafficPolicySpec } from "../../mesh/contract/resources/traffic-policy.ts";
import type { BreakerPolicies } from "../../mesh/contract/state.ts";
import type { CallBounds } from "../../mesh/contract/rule.ts";
import type { ServiceChunk } from "../../mesh/contract/service.ts";
import type { BreakerPolicy, Defaults } from "../../mesh/contract/table.ts";
import { toBounds } from "./call-bounds.ts";
import type { Inventory, Known } from "./inventory.ts";
import type { ServiceEntry } from "./services.ts";

type Policy = Known<TrafficPolicySpec>;
type Target = TrafficPolicySpec["targetRefs"][number];

/** What became of one policy. */
export interface TrafficOutcome {
  readonly source: Policy;
  /** Targets that do not exist. */
  readonly missing: readonly string[];
  /** Older policies that say the same of one of its targets. */
  readonly conflicts: readonly string[];
}

/** What policies say of one service. */
interface OfService {
  /** As in `ServiceChunk.breakers`. */
  readonly breakers: Map<string, BreakerPolicy>;
  maxInFlight?: number;
  balancing?: BalancingSpec;
  bounds?: CallBounds;
}

export interface Traffic {
  /** By service. */
  readonly services: ReadonlyMap<string, OfService>;
  /** Of calls by a route. */
  readonly routes: ReadonlyMap<string, CallBounds>;
  readonly outcomes: readonly TrafficOutcome[];
}

/** One place a policy holds at: a service, and the key within it. */
interface Place {
  readonly service: string;
  readonly key: string;
}

/** Judges the policies, oldest first. */
export function compileTraffic(inventory: Inventory): Traffic {
  const services = new Map<string, OfService>();
  const routes = new Map<string, CallBounds>();
  const owners = new Map<string, string>();
  const outcomes = inventory.trafficPolicies.map((source): TrafficOutcome => {
    const missing: string[] = [];
    const conflicts = new Set<string>();
    /** Whether the field of the place is this policy's to set. */
    const claims = (field: string, { service, key }: Place): boolean => {
      const id = `${field} ${service} ${key}`;
      const owner = owners.get(id) ?? source.id;
      owners.set(id, owner);
      if (owner !== source.id) conflicts.add(owner);
      return owner === source.id;
    };
    for (const target of source.spec.targetRefs) {
      const places = placesOf(target, source.namespace, inventory);
      if (places.length === 0) missing.push(nameOf(target, source.namespace));
      for (const place of places) {
        const known = services.get(place.service) ?? { breakers: new Map() };
        services.set(place.service, known);
        setAt(known, place, source.spec, inventory.defaults, claims);
      }
      const id = `${source.namespace}/${target.name}`;
      const bounds = boundsAt(target, id, source.spec, inventory, claims);
      if (bounds === null) continue;
      if (target.kind === "HTTPRoute") routes.set(id, { ...routes.get(id), ...bounds });
      else setBounds(services.get(id), bounds);
    }
    return { source, missing, conflicts: [...conflicts] };
  });
  return { services, routes, outcomes };
}

function setAt(
  known: OfService,
  place: Place,
  { breaker, bulkhead, balancing }: TrafficPolicySpec,
  defaults: Defaults,
  claims: (field: string, place: Place) => boolean,
): void {
  if (breaker !== undefined && defaults.breaker !== undefined && claims("breaker", place))
    known.breakers.set(place.key, toBreaker(breaker, defaults.breaker));
  if (bulkhead !== undefined && claims("bulkhead", place)) known.maxInFlight = bulkhead.maxInFlight;
  if (balancing !== undefined && claims("balancing", place)) known.balancing = balancing;
}

/** What the policy says of calls at a target, field by field as far as no older one says it. */
function boundsAt(
  target: Target,
  id: string,
  { timeouts, retry }: TrafficPolicySpec,
  inventory: Inventory,
  claims: (field: string, place: Place) => boolean,
): CallBounds | null {
  const place = { service: id, key: target.kind };
  return toBounds(
    {
      ...(timeouts && claims("timeouts", place) ? { timeouts } : {}),
      ...(retry && claims("retry", place) ? { retry } : {}),
    },
    inventory,
  );
}

function setBounds(known: OfService | undefined, bounds: CallBounds): void {
  if (known !== undefined) known.bounds = { ...known.bounds, ...bounds };
}

function placesOf(target: Target, namespace: string, inventory: Inventory): Place[] {
  const id = `${namespace}/${target.name}`;
  if (target.kind === "HTTPRoute") return placesOfRoute(id, inventory);
  const entry = inventory.services.get(id);
  if (entry === undefined) return [];
  const scope = target.method === undefined ? "" : `|${target.method}`;
  if (target.sectionName === undefined) return [{ service: id, key: scope }];
  return endpointsNamed(entry, target.sectionName).map((endpoint) => ({
    service: id,
    key: `${endpoint}${scope}`,
  }));
}

/** Each service that a rule of the route leads to. */
function placesOfRoute(id: string, { routes, services }: Inventory): Place[] {
  const source = routes.find((route) => route.id === id);
  if (source === undefined) return [];
  const refs = source.spec.rules.flatMap(({ backendRefs = [] }) => backendRefs);
  const named = refs.map(({ name, namespace }) => `${namespace ?? source.namespace}/${name}`);
  return [...new Set(named)]
    .filter((service) => services.has(service))
    .map((service) => ({ service, key: `|${id}` }));
}

const endpointsNamed = ({ endpoints, namespace }: ServiceEntry, name: string): string[] =>
  endpoints
    .filter(({ id, worker }) =>
      [name, `${namespace}/${name}`].some((given) => given === id || given === worker),
    )
    .map(({ id }) => id);

const nameOf = ({ kind, name, sectionName }: Target, namespace: string): string =>
  `${kind} ${namespace}/${name}${sectionName === undefined ? "" : ` endpoint ${sectionName}`}`;

/** A service's chunk with what policies say of it. */
export function withTraffic(chunk: ServiceChunk, said: OfService | undefined): ServiceChunk {
  if (said === undefined) return chunk;
  const { breakers, bounds, maxInFlight = chunk.maxInFlight } = said;
  const own = breakers.size === 0 ? {} : { breakers: Object.fromEntries(breakers) };
  return { ...chunk, maxInFlight, ...own, ...(bounds ? { bounds } : {}) };
}

/** What the objects go by: the mesh's default, and what policies say. */
export function breakerPolicies({ services }: Traffic, { breaker }: Defaults): BreakerPolicies {
  const named = [...services].flatMap(([service, { breakers }]) =>
    [...breakers].map(([key, policy]): [string, BreakerPolicy] => [
      key === "" ? service : `${service}|${key}`,
      policy,
    ]),
  );
  return Object.fromEntries([...(breaker ? [["", breaker] as const] : []), ...named]);
}
