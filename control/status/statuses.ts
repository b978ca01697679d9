// Owns what is written back to every resource after a compilation.
import { type Attached, sideOf } from "../compile/attach.ts";
import { sightingsOf } from "../compile/balancing.ts";
import type { Side } from "../compile/backends.ts";
import type { Inventory, Known } from "../compile/inventory.ts";
import { judgeSets } from "../compile/listener-sets.ts";
import type { Reach } from "../compile/reach.ts";
import type { Reuse } from "../compile/reuse.ts";
import type { CompiledRoute } from "../compile/rules.ts";
import type { ServiceEntry } from "../compile/services.ts";
import {
  unsupportedOfMesh,
  unsupportedOfRoute,
  unsupportedOfService,
} from "../compile/unsupported.ts";
import type { HTTPRouteSpec } from "../../mesh/contract/resources/http-route.ts";
import type { MeshSpec } from "../../mesh/contract/resources/mesh.ts";
import type { ParentRef } from "../../mesh/contract/resources/reference.ts";
import type { StoredResource } from "../../mesh/contract/state.ts";
import {
  type Condition,
  type Finding,
  fails,
  holds,
  partially,
  toConditions,
} from "./conditions.ts";
import { gatewayReport, listenerSetReport } from "./listeners.ts";

export const CONTROLLER = "heddle.dev/control";

/** The status of one resource, for the generation it was judged at. */
export interface StatusWrite {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly generation: number;
  readonly status: Readonly<Record<string, unknown>>;
}

/** What the compiler found out about one route. */
export interface RouteOutcome {
  readonly source: Known<HTTPRouteSpec>;
  readonly route: Readonly<Record<Side, CompiledRoute>>;
  readonly attached: readonly Attached[];
  /** One per parentRef. */
  readonly reach: readonly Reach[];
  /** The same object for as long as all of this is the same, the stored status aside. */
  readonly made: object;
}

interface Turn {
  readonly version: number;
  readonly nowMs: number;
  readonly reuse: Reuse;
}

/** Statuses of all resources of a turn. */
export function statusesOf(
  inventory: Inventory,
  routes: readonly RouteOutcome[],
  turn: Turn,
): StatusWrite[] {
  const { nowMs } = turn;
  const services = [...inventory.services.values()];
  return [
    ...(inventory.mesh ? [meshStatus(inventory.mesh, inventory, turn)] : []),
    ...services.flatMap((entry) =>
      entry.resource ? [serviceStatus(entry, entry.resource.stored, nowMs)] : [],
    ),
    ...inventory.gateways.map((gateway) => {
      const { findings, rest } = gatewayReport(gateway, inventory, routes, nowMs);
      return withConditions(gateway.stored, nowMs, findings, rest);
    }),
    ...[...judgeSets(inventory).values()].map((verdict) => {
      const { findings, rest } = listenerSetReport(verdict, routes, nowMs);
      return withConditions(verdict.set.stored, nowMs, findings, rest);
    }),
    ...routes.map((outcome) => reusedStatus(outcome, turn)),
    ...inventory.unreadable.map((stored) =>
      withConditions(stored, nowMs, [
        fails("Accepted", "Invalid", "This build no longer takes the resource; apply it again."),
      ]),
    ),
  ];
}

function meshStatus(
  { stored, spec }: Known<MeshSpec>,
  { defaults }: Inventory,
  { version, nowMs }: Turn,
): StatusWrite {
  const findings = [
    holds("Accepted", "The mesh is accepted."),
    holds("Programmed", "The table is published."),
    ...partially(unsupportedOfMesh(spec)),
  ];
  return withConditions(stored, nowMs, findings, { version, defaults });
}

function serviceStatus(entry: ServiceEntry, stored: StoredResource, nowMs: number): StatusWrite {
  const [missing] = entry.missingWorkers;
  const spec = entry.resource?.spec;
  // Kept for slow start, which may be asked for any day.
  const endpoints = sightingsOf(entry.endpoints, stored.status?.["endpoints"], nowMs);
  const findings = [
    holds("Accepted", "The service is accepted."),
    missing
      ? fails(
          "ResolvedRefs",
          "WorkerNotFound",
          `Worker ${missing} is not registered with the mesh.`,
        )
      : holds("ResolvedRefs", "Every Worker is registered."),
    holds("Programmed", "The service is in the published table."),
    ...partially(spec ? unsupportedOfService(spec) : []),
  ];
  return withConditions(stored, nowMs, findings, { endpoints });
}

/** The status of a route; one that follows from what its store has of it already need not be made again. */
function reusedStatus(outcome: RouteOutcome, { nowMs, reuse }: Turn): StatusWrite {
  const { source, made } = outcome;
  const inputs = [JSON.stringify(source.stored.status)];
  const said = reuse.from("status", made, inputs, () => {
    const write = routeStatus(outcome, nowMs);
    return { write, madeMs: isOf(nowMs, write.status.parents) ? nowMs : null };
  });
  return said.madeMs === null || said.madeMs === nowMs ? said.write : routeStatus(outcome, nowMs);
}

type RouteStatus = StatusWrite & {
  readonly status: {
    readonly parents: readonly { readonly conditions: readonly Condition[] }[];
  };
};

/** Whether a condition changed at this time. */
function isOf(nowMs: number, parents: RouteStatus["status"]["parents"]): boolean {
  const now = new Date(nowMs).toISOString();
  return parents.some(({ conditions }) =>
    conditions.some(({ lastTransitionTime }) => lastTransitionTime === now),
  );
}

function routeStatus({ source, route, attached, reach }: RouteOutcome, nowMs: number): RouteStatus {
  const { stored, spec } = source;
  const { generation } = stored.metadata;
  const before = stored.status?.["parents"];
  const old = Array.isArray(before)
    ? (before as readonly { parentRef?: ParentRef; conditions?: unknown }[])
    : [];
  const unsupported = partially(unsupportedOfRoute(spec));
  const parents = attached.map((parent, index) => {
    const { parentRef, refusal } = parent;
    const last = old.find((item) => item.parentRef && isSameRef(item.parentRef, parentRef));
    const { problem } = route[sideOf(parent)];
    const findings: Finding[] = [
      refusal
        ? fails("Accepted", refusal.reason, refusal.message)
        : holds("Accepted", "The parent accepts the route."),
      problem
        ? fails("ResolvedRefs", problem.reason, problem.message)
        : holds("ResolvedRefs", "Every reference resolves."),
      ...reach
        .slice(index, index + 1)
        .map((judged): Finding => ({ type: "Programmed", ...judged })),
      ...unsupported,
    ];
    const conditions = toConditions(findings, last?.conditions, { generation, nowMs });
    return { parentRef, controllerName: CONTROLLER, conditions };
  });
  return { ...address(stored), status: { parents } };
}

const isSameRef = (a: ParentRef, b: ParentRef): boolean =>
  a.group === b.group &&
  a.kind === b.kind &&
  a.namespace === b.namespace &&
  a.name === b.name &&
  a.sectionName === b.sectionName &&
  a.port === b.port;

const address = ({ kind, metadata }: StoredResource): Omit<StatusWrite, "status"> => ({
  kind,
  namespace: metadata.namespace,
  name: metadata.name,
  generation: metadata.generation,
});

function withConditions(
  stored: StoredResource,
  nowMs: number,
  findings: readonly Finding[],
  rest: Readonly<Record<string, unknown>> = {},
): StatusWrite {
  const moment = { generation: stored.metadata.generation, nowMs };
  const conditions = toConditions(findings, stored.status?.["conditions"], moment);
  return { ...address(stored), status: { ...rest, conditions } };
}
