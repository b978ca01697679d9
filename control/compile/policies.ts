// Owns which policies hold where: AuthorizationPolicies to one chunk per Worker and Gateway they select.
import {
  POLICY_CHUNK,
  type PolicyChunk,
  type PolicyScope,
  type RuleSet,
} from "../../mesh/contract/policy.ts";
import type { AuthorizationPolicySpec } from "../../mesh/contract/resources/authorization-policy.ts";
import { SYSTEM_NAMESPACE } from "../../mesh/contract/wiring.ts";
import { type Inventory, type Known, compareText } from "./inventory.ts";
import { indexRules } from "./policy-index.ts";
import { isOfPaths, toPolicyRules } from "./policy-rules.ts";
import { selects } from "./selector.ts";

type Policy = Known<AuthorizationPolicySpec>;

/** What became of one policy. */
export interface PolicyOutcome {
  readonly source: Policy;
  /** Services and Gateways it names that do not exist. */
  readonly missing: readonly string[];
  /** Workers and Gateways it holds at, as their chunks are named. */
  readonly selected: readonly string[];
  /** Selected Workers that are not woven, where nothing of ours runs. */
  readonly plain: readonly string[];
}

/** One place a policy holds at: a Worker's entrypoint (`*`: all), or a Gateway. */
interface Place {
  /** `ns/name` of a Worker, or `gateway:ns/name`. */
  readonly at: string;
  readonly entrypoint: string;
}

const EVERY = "*";

/** Policy chunks by id, and what became of each policy. */
export function compilePolicies(
  inventory: Inventory,
  trustDomain: string,
): {
  readonly chunks: ReadonlyMap<string, PolicyChunk>;
  readonly outcomes: readonly PolicyOutcome[];
} {
  const byPlace = new Map<string, { readonly policy: Policy; readonly entrypoint: string }[]>();
  const outcomes = inventory.policies.map((policy): PolicyOutcome => {
    const { places, missing } = placesOf(policy, inventory);
    for (const { at, entrypoint } of places) {
      const known = byPlace.get(at) ?? [];
      byPlace.set(at, known);
      known.push({ policy, entrypoint });
    }
    const selected = [...new Set(places.map(({ at }) => at))];
    return {
      source: policy,
      missing,
      selected,
      plain: selected.filter((at) => isPlain(at, inventory)),
    };
  });
  const chunks = new Map<string, PolicyChunk>();
  for (const [at, held] of byPlace) {
    const names = new Set([EVERY, ...held.map(({ entrypoint }) => entrypoint)]);
    const entrypoints = [...names].flatMap((name): [string, PolicyScope][] => {
      const mine = held.filter(({ entrypoint }) => entrypoint === EVERY || entrypoint === name);
      const policies = [...new Set(mine.map(({ policy }) => policy))];
      return policies.length === 0 ? [] : [[name, toScope(policies, trustDomain)]];
    });
    chunks.set(`${POLICY_CHUNK}${at}`, { entrypoints: Object.fromEntries(entrypoints) });
  }
  return { chunks, outcomes };
}

function placesOf(
  policy: Policy,
  inventory: Inventory,
): { readonly places: readonly Place[]; readonly missing: readonly string[] } {
  const { spec, namespace } = policy;
  const missing: string[] = [];
  if (spec.targetRefs === undefined)
    return {
      places: workersOf(policy, inventory).map((at) => ({ at, entrypoint: EVERY })),
      missing,
    };
  const places = spec.targetRefs.flatMap(({ kind, name }): Place[] => {
    const id = `${namespace}/${name}`;
    if (kind === "Gateway") {
      if (inventory.gateways.some((gateway) => gateway.id === id))
        return [{ at: `gateway:${id}`, entrypoint: EVERY }];
      missing.push(`Gateway ${id}`);
      return [];
    }
    const service = inventory.services.get(id);
    if (service === undefined) missing.push(`Service ${id}`);
    return (service?.endpoints ?? []).flatMap(({ worker, entrypoint }) =>
      worker === undefined ? [] : [{ at: worker, entrypoint: entrypoint ?? EVERY }],
    );
  });
  return { places, missing };
}

/** Workers of the policy's namespace or of the mesh, with the labels it asks for. */
const workersOf = ({ spec, namespace }: Policy, { workloads }: Inventory): string[] =>
  [...workloads.values()]
    .filter((workload) => workload.namespace !== SYSTEM_NAMESPACE)
    .filter((workload) => spec.scope === "mesh" || workload.namespace === namespace)
    .filter((workload) => selects(spec.selector ?? {}, workload.spec.labels ?? {}))
    .map(({ id }) => id);

const isPlain = (at: string, { workloads }: Inventory): boolean => {
  const spec = workloads.get(at)?.spec;
  return spec !== undefined && (spec.plain ?? !spec.woven);
};

/** What holds at one place; the order of policies never matters, so that of their names is taken. */
export function toScope(policies: readonly Policy[], trustDomain: string): PolicyScope {
  const ordered = policies.toSorted((a, b) => compareText(a.id, b.id));
  const setOf = (mode: string, action: string): RuleSet | undefined => {
    const mine = ordered.filter(({ spec }) => spec.mode === mode && spec.action === action);
    if (mine.length === 0) return undefined;
    return indexRules(mine.flatMap((policy) => toPolicyRules(policy.id, policy.spec, trustDomain)));
  };
  const enforced = both(setOf("enforce", "DENY"), setOf("enforce", "ALLOW"));
  const shadow = both(setOf("shadow", "DENY"), setOf("shadow", "ALLOW"));
  return {
    ...enforced,
    ...(Object.keys(shadow).length > 0 ? { shadow } : {}),
    ...([enforced.deny, enforced.allow].some((set) => set?.rules.some(isOfPaths))
      ? { paths: true }
      : {}),
  };
}

const both = (
  deny: RuleSet | undefined,
  allow: RuleSet | undefined,
): Pick<PolicyScope, "deny" | "allow"> => ({
  ...(deny ? { deny } : {}),
  ...(allow ? { allow } : {}),
});
