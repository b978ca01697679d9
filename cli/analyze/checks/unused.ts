// Checks for what is written and does nothing: bindings, routes, filters, grants and listeners that nothing uses.
import { isHttpFilterRef } from "../../../control/compile/extensions.ts";
import type { Checker, Scene } from "../scene.ts";
import { toFinding } from "../scene.ts";

/** HDL150: a binding whose service is neither a Service nor a Worker. */
export const bindings: Checker = ({ workers, inventory }) =>
  workers.flatMap(({ workload, dials, whereDials }) =>
    dials
      .filter((service) => !inventory.services.has(service))
      .map((service) =>
        toFinding(
          "HDL150",
          `Worker/${workload}`,
          whereDials(service),
          `there is no service ${service}`,
        ),
      ),
  );

/** HDL151: judged only where the Workers are known. */
export const uncalled: Checker = ({ workers, routes, at }) => {
  if (workers.length === 0) return [];
  const dialled = new Set(workers.flatMap(({ dials }) => dials));
  const led = new Set(
    routes.flatMap(({ compiled }) =>
      compiled.service.rules.flatMap(({ rule }) => rule.backends.map(({ service }) => service)),
    ),
  );
  return routes.flatMap(({ source, attached }) =>
    attached.flatMap(({ attachments }, index) =>
      attachments.some(
        (one) => one.to === "service" && !dialled.has(one.service) && !led.has(one.service),
      )
        ? at(
            source.stored,
            ["spec", "parentRefs", index],
            "HDL151",
            "no Worker has a binding to it",
          )
        : [],
    ),
  );
};

/** HDL160. */
export const faults: Checker = ({ inventory, nowMs, at }) =>
  [...inventory.httpFilters.values()].flatMap(({ stored, spec: { fault } }) =>
    fault && Date.parse(fault.expires) <= nowMs
      ? at(stored, ["spec", "fault", "expires"], "HDL160", `it ended at ${fault.expires}`)
      : [],
  );

/** HDL161. */
export const filters: Checker = ({ inventory, routes, at }) => {
  const named = new Set(
    routes.flatMap(({ source }) =>
      source.spec.rules.flatMap(({ filters: given = [], backendRefs = [] }) =>
        [...given, ...backendRefs.flatMap((ref) => ref.filters ?? [])]
          .filter(isHttpFilterRef)
          .map(({ extensionRef }) => `${source.namespace}/${extensionRef?.name}`),
      ),
    ),
  );
  return [...inventory.httpFilters.values()]
    .filter(({ id }) => !named.has(id))
    .map(({ id, stored }) => at(stored, ["metadata", "name"], "HDL161", `no rule names ${id}`));
};

/** HDL162: a grant for Services of which no route of the granted namespaces names one. */
export const grants: Checker = (scene) =>
  scene.inventory.grants.flatMap(({ namespace, stored, spec }) => {
    const isForRoutes = spec.to.every(({ kind }) => kind === "Service");
    const isNeeded = referencesOf(scene).some(
      (ref) =>
        ref.to === namespace &&
        spec.from.some(({ kind, namespace: from }) => kind === ref.kind && from === ref.from) &&
        spec.to.some(({ name }) => name === undefined || name === ref.name),
    );
    return !isForRoutes || isNeeded
      ? []
      : scene.at(stored, ["metadata", "name"], "HDL162", "no route refers to what it grants");
  });

const referencesOf = ({ routes }: Scene) =>
  routes.flatMap(({ source }) =>
    source.spec.rules.flatMap(({ filters: given = [], backendRefs = [] }) =>
      [
        ...backendRefs,
        ...[given, ...backendRefs.map((ref) => ref.filters ?? [])]
          .flat()
          .flatMap(({ requestMirror }) => requestMirror?.backendRef ?? []),
      ].map(({ name, namespace = source.namespace }) => ({
        kind: source.stored.kind,
        from: source.namespace,
        to: namespace,
        name,
      })),
    ),
  );

/** HDL163. */
export const listeners: Checker = ({ inventory, routes, at }) => {
  const used = new Set(
    routes.flatMap(({ attached }) =>
      attached.flatMap(({ attachments }) =>
        attachments.flatMap((one) =>
          one.to === "gateway" ? `${one.gateway} ${one.listener}` : [],
        ),
      ),
    ),
  );
  return inventory.gateways.flatMap(({ id, stored, spec }) =>
    spec.listeners.flatMap(({ name }, index) =>
      used.has(`${id} ${name}`)
        ? []
        : at(
            stored,
            ["spec", "listeners", index, "name"],
            "HDL163",
            `no route is attached to listener ${name}`,
          ),
    ),
  );
};
