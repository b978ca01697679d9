// Checks that policies hold somewhere and can do what they say.
import { compilePolicies } from "../../../control/compile/policies.ts";
import { compileTraffic } from "../../../control/compile/traffic.ts";
import { DEFAULT_BREAKER } from "../../../mesh/contract/defaults.ts";
import type { AuthorizationRule } from "../../../mesh/contract/resources/authorization-policy.ts";
import { toBreaker } from "../../../mesh/contract/resources/breaker.ts";
import { nearest } from "../../../mesh/contract/resources/nearest.ts";
import type { StoredResource } from "../../../mesh/contract/state.ts";
import { SYSTEM_NAMESPACE } from "../../../mesh/contract/wiring.ts";
import type { Checker, Finding, Scene } from "../scene.ts";

/** HDL190: of AuthorizationPolicies and TrafficPolicies. */
export const targets: Checker = (scene) =>
  [
    ...compilePolicies(scene.inventory, trustDomainOf(scene)).outcomes,
    ...compileTraffic(scene.inventory).outcomes,
  ].flatMap(({ source, missing }) =>
    missing.map((target) => missingTarget(scene, source.stored, target)),
  );

/** At the target that is not there: `Kind namespace/name`, and maybe the endpoint. */
function missingTarget(scene: Scene, stored: StoredResource, target: string): Finding {
  const [kind = "", id = "", , endpoint] = target.split(" ");
  const name = id.slice(id.indexOf("/") + 1);
  const refs = stored.spec["targetRefs"] as readonly {
    readonly kind?: string;
    readonly name: string;
    readonly sectionName?: string;
  }[];
  const index = refs.findIndex(
    (ref) => (ref.kind ?? "Service") === kind && ref.name === name && ref.sectionName === endpoint,
  );
  const field = endpoint === undefined ? "name" : "sectionName";
  const path = ["spec", "targetRefs", Math.max(index, 0), field];
  return scene.at(stored, path, "HDL190", `there is no ${target}`);
}

/** HDL191. */
export const conflicts: Checker = (scene) =>
  compileTraffic(scene.inventory).outcomes.flatMap(({ source, conflicts: older }) =>
    older.map((id) =>
      scene.at(source.stored, ["spec", "targetRefs"], "HDL191", `${id} goes first`),
    ),
  );

/** HDL192: over what the mesh's default leaves of it. */
export const breakers: Checker = ({ inventory, at }) =>
  inventory.trafficPolicies.flatMap(({ stored, spec: { breaker } }) => {
    if (breaker === undefined) return [];
    const normal = inventory.defaults.breaker ?? DEFAULT_BREAKER;
    const { consecutive, failureRatio, slowRatio } = toBreaker(breaker, normal);
    return consecutive === 0 && failureRatio === 0 && slowRatio === 0
      ? [at(stored, ["spec", "breaker"], "HDL192", "every trigger of it is off")]
      : [];
  });

/** HDL193: callers are judged only where the Workers are known. */
export const callers: Checker = (scene) =>
  scene.inventory.policies.flatMap(({ stored, spec }) =>
    spec.rules.flatMap((rule, index) => ofRule(scene, stored, rule, ["spec", "rules", index])),
  );

function ofRule(
  scene: Scene,
  stored: StoredResource,
  { from = [], to = [] }: AuthorizationRule,
  path: readonly (string | number)[],
): readonly Finding[] {
  const sources = from.flatMap((source, at) => [
    ...unknownCallers(scene, stored, source.principals ?? [], [...path, "from", at, "principals"]),
    ...contradictions(scene, stored, source, [...path, "from", at]),
  ]);
  const operations = to.flatMap((operation, at) =>
    contradictions(scene, stored, operation, [...path, "to", at]),
  );
  return [...sources, ...operations];
}

function unknownCallers(
  scene: Scene,
  stored: StoredResource,
  principals: readonly string[],
  path: readonly (string | number)[],
): readonly Finding[] {
  if (scene.workers.length === 0) return [];
  const known = [...scene.inventory.workloads.keys()];
  const own = trustDomainOf(scene);
  return principals.flatMap((principal, at) => {
    const id = workloadOf(principal, own);
    if (id === null || id.startsWith(`${SYSTEM_NAMESPACE}/`) || known.includes(id)) return [];
    const near = nearest(id, known);
    const message = `no Worker is ${id}${near === null ? "" : `, did you mean ${near}?`}`;
    return scene.at(stored, [...path, at], "HDL193", message);
  });
}

/** The Worker `ns/name` a principal names; null for several, or for one of another trust domain. */
function workloadOf(principal: string, own: string): string | null {
  if (principal.includes("*")) return null;
  const [, domain, namespace, name] =
    /^(?:spiffe:\/\/)?(?:([^/]+)\/ns\/)?([^/]+)\/(?:sa\/)?([^/]+)$/.exec(principal) ?? [];
  return domain === undefined || domain === own ? `${namespace}/${name}` : null;
}

/** Every value of a list is in the list of what it must not be. */
function contradictions(
  scene: Scene,
  stored: StoredResource,
  lists: Readonly<Record<string, readonly string[] | undefined>>,
  path: readonly (string | number)[],
): readonly Finding[] {
  return Object.entries(lists).flatMap(([field, values = []]) => {
    const opposite = `not${field[0]?.toUpperCase()}${field.slice(1)}`;
    const excluded = lists[opposite] ?? [];
    return values.length > 0 && values.every((value) => excluded.includes(value))
      ? scene.at(stored, [...path, field], "HDL193", `${opposite} excludes all of it`)
      : [];
  });
}

const trustDomainOf = ({ inventory }: Scene): string => inventory.mesh?.spec.trustDomain ?? "";
