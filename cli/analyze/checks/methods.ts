// Checks that the entrypoints and methods RPCRoutes name are those of the Workers behind the service.
import { nearest } from "../../../mesh/contract/resources/nearest.ts";
import type { RPCRouteSpec } from "../../../mesh/contract/resources/rpc-route.ts";
import type { Known } from "../../../control/compile/inventory.ts";
import type { Checker, Finding, Scene } from "../scene.ts";

/** HDL170; a service with a Worker whose methods are not known is passed over. */
export const methods: Checker = (scene) =>
  scene.inventory.rpcRoutes.flatMap((route) => {
    const spec = route.stored.spec as unknown as RPCRouteSpec;
    const known = methodsBehind(scene, route, spec);
    if (known === null) return [];
    return spec.rules.flatMap((rule, index) =>
      (rule.matches ?? []).flatMap((match, at) =>
        ofMatch(scene, route, match, known, ["spec", "rules", index, "matches", at]),
      ),
    );
  });

type MethodsByName = ReadonlyMap<string, ReadonlySet<string>>;

function ofMatch(
  scene: Scene,
  { stored }: Known<unknown>,
  { entrypoint, method = [] }: RPCRouteSpec["rules"][number]["matches"][number],
  known: MethodsByName,
  path: readonly (string | number)[],
): readonly Finding[] {
  if (entrypoint !== undefined && !known.has(entrypoint)) {
    const message = `no entrypoint is called ${entrypoint}${guess(entrypoint, [...known.keys()])}`;
    return [scene.at(stored, [...path, "entrypoint"], "HDL170", message)];
  }
  const there =
    entrypoint === undefined
      ? new Set([...known.values()].flatMap((names) => [...names]))
      : (known.get(entrypoint) ?? new Set<string>());
  const wanted = [method].flat();
  return wanted.flatMap((name, index) => {
    const [first = ""] = name.split(".");
    if (there.has(first)) return [];
    const at = Array.isArray(method) ? [...path, "method", index] : [...path, "method"];
    const message = `${entrypoint ?? "no entrypoint"} has no method ${name}${guess(name, [...there])}`;
    return scene.at(stored, at, "HDL170", message);
  });
}

const guess = (name: string, names: readonly string[]): string => {
  const near = nearest(name, names);
  return near === null ? "" : `, did you mean ${near}?`;
};

/** Methods by entrypoint of all Workers behind the route's parents; null where those of one are not known. */
function methodsBehind(
  { inventory, workers }: Scene,
  { namespace }: Known<unknown>,
  { parentRefs }: RPCRouteSpec,
): MethodsByName | null {
  const all = new Map<string, Set<string>>();
  const behind = parentRefs.flatMap(
    ({ name, namespace: own = namespace }) =>
      inventory.services.get(`${own}/${name}`)?.endpoints ?? [],
  );
  for (const { worker } of behind) {
    const known = workers.find(({ workload }) => workload === worker)?.methods;
    if (known === undefined) return null;
    for (const [entrypoint, names] of known)
      all.set(entrypoint, new Set([...(all.get(entrypoint) ?? []), ...names]));
  }
  return behind.length > 0 ? all : null;
}
