// Checks that what routes and Services point at is there: parents, backends, filters, Workers.
import {
  type BackendRef,
  type RefProblem,
  resolveBackend,
} from "../../../control/compile/backends.ts";
import { sideOf } from "../../../control/compile/attach.ts";
import { isHttpFilterRef } from "../../../control/compile/extensions.ts";
import type { HTTPRouteFilter } from "../../../mesh/contract/resources/http-route-filters.ts";
import type { Segment } from "../../commands/documents.ts";
import type { CheckCode } from "../check.ts";
import type { AnalyzedRoute, Checker, Finding, Scene } from "../scene.ts";

/** HDL101 to HDL104. */
export const parents: Checker = (scene) =>
  scene.routes.flatMap(({ source, attached }) =>
    attached.flatMap(({ refusal }, index) => {
      if (refusal === null) return [];
      const path = ["spec", "parentRefs", index];
      const [code, field] = parentCode(refusal.reason, refusal.message);
      const at = field === "hostnames" ? ["spec", "hostnames"] : [...path, field];
      return scene.at(source.stored, at, code, refusal.message);
    }),
  );

function parentCode(reason: string, message: string): [CheckCode, string] {
  if (reason === "NoMatchingListenerHostname") return ["HDL103", "hostnames"];
  if (reason === "NotAllowedByListeners") return ["HDL104", "name"];
  return message.includes("has no") ? ["HDL102", "name"] : ["HDL101", "name"];
}

const BACKEND_CODES: Readonly<Record<RefProblem["reason"], CheckCode>> = {
  InvalidKind: "HDL113",
  BackendNotFound: "HDL110",
  RefNotPermitted: "HDL112",
  FilterNotFound: "HDL114",
};

/** HDL110 to HDL114. */
export const backends: Checker = (scene) => scene.routes.flatMap((route) => ofRoute(scene, route));

function ofRoute(scene: Scene, route: AnalyzedRoute): readonly Finding[] {
  return route.source.spec.rules.flatMap((rule, index) => {
    const at = ["spec", "rules", index];
    return [
      ...ofFilters(scene, route, rule.filters, at),
      ...(rule.backendRefs ?? []).flatMap((ref, backend) => [
        ...ofRef(scene, route, ref, [...at, "backendRefs", backend]),
        ...ofFilters(scene, route, ref.filters, [...at, "backendRefs", backend]),
      ]),
    ];
  });
}

function ofFilters(
  scene: Scene,
  route: AnalyzedRoute,
  filters: readonly HTTPRouteFilter[] | undefined,
  at: readonly Segment[],
): readonly Finding[] {
  return (filters ?? []).flatMap((filter, index) => {
    const path = [...at, "filters", index];
    const { requestMirror, extensionRef } = filter;
    if (requestMirror)
      return ofRef(scene, route, { ...requestMirror.backendRef, weight: 1 }, [
        ...path,
        "requestMirror",
        "backendRef",
      ]);
    if (!isHttpFilterRef(filter)) return [];
    const id = `${route.source.namespace}/${extensionRef?.name}`;
    if (scene.inventory.httpFilters.has(id)) return [];
    const message = `HTTPFilter ${id} does not exist`;
    return scene.at(route.source.stored, [...path, "extensionRef", "name"], "HDL114", message);
  });
}

/** A route may have parents of both kinds: a reference is judged by the stricter one it has. */
function ofRef(
  scene: Scene,
  { source, attached }: AnalyzedRoute,
  ref: BackendRef,
  at: readonly Segment[],
): readonly Finding[] {
  const side = attached.some((one) => sideOf(one) === "gateway") ? "gateway" : "service";
  const { problem } = resolveBackend(ref, source, side, scene.inventory);
  if (problem === null) return [];
  const isPort = problem.message.includes(" has no port ");
  const code = isPort ? "HDL111" : BACKEND_CODES[problem.reason];
  const field = isPort ? "port" : code === "HDL113" ? "kind" : "name";
  return [scene.at(source.stored, [...at, field], code, problem.message)];
}

/** HDL140 to HDL142. */
export const endpoints: Checker = (scene) =>
  [...scene.inventory.services.values()].flatMap(
    ({ id, resource, missingWorkers, endpoints: own }) => {
      if (resource === null) return [];
      const { stored, spec } = resource;
      if (spec.subset && own.length === 0) {
        const { service, labels } = spec.subset;
        const message = `no endpoint of ${service} carries ${JSON.stringify(labels)}`;
        return [scene.at(stored, ["spec", "subset", "labels"], "HDL141", message)];
      }
      const isRouted = scene.routes.some(({ attached }) =>
        attached.some(({ attachments }) =>
          attachments.some((at) => at.to === "service" && at.service === id),
        ),
      );
      if (own.length === 0 && !isRouted)
        return [
          scene.at(
            stored,
            ["spec", "endpoints"],
            "HDL142",
            `Service ${id} has no endpoint and no route`,
          ),
        ];
      return missingWorkers.map((worker) => {
        const index = own.findIndex((endpoint) => endpoint.worker === worker);
        const message = `Worker ${worker} is not in the mesh`;
        return scene.at(stored, ["spec", "endpoints", index, "worker"], "HDL140", message);
      });
    },
  );

/** HDL180. */
export const killSwitches: Checker = ({ inventory, at }) => {
  const { mesh, services } = inventory;
  return (mesh?.spec.bypass ?? []).flatMap(({ service }, index) =>
    mesh === null || service === undefined || services.has(service)
      ? []
      : at(
          mesh.stored,
          ["spec", "bypass", index, "service"],
          "HDL180",
          `there is no service ${service}`,
        ),
  );
};
