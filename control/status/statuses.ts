// Owns what is written back to every resource after a compilation.
import { type Attached, sideOf } from "../compile/attach.ts";
import type { Side } from "../compile/backends.ts";
import type { Inventory, Known } from "../compile/inventory.ts";
import { ROUTE_KINDS, judgeListeners } from "../compile/listeners.ts";
import type { Reach } from "../compile/reach.ts";
import type { CompiledRoute } from "../compile/rules.ts";
import type { ServiceEntry } from "../compile/services.ts";
import {
  unsupportedOfGateway,
  unsupportedOfMesh,
  unsupportedOfRoute,
  unsupportedOfService,
} from "../compile/unsupported.ts";
import type { GatewaySpec } from "../../mesh/contract/resources/gateway.ts";
import type { HTTPRouteSpec } from "../../mesh/contract/resources/http-route.ts";
import type { MeshSpec } from "../../mesh/contract/resources/mesh.ts";
import { GATEWAY_GROUP } from "../../mesh/contract/resources/meta.ts";
import type { ParentRef } from "../../mesh/contract/resources/reference.ts";
import type { StoredResource } from "../../mesh/contract/state.ts";
import { type Finding, fails, holds, partially, toConditions } from "./conditions.ts";

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
}

interface Turn {
  readonly version: number;
  readonly nowMs: number;
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
    ...inventory.gateways.map((gateway) => gatewayStatus(gateway, routes, nowMs)),
    ...routes.map((outcome) => routeStatus(outcome, nowMs)),
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
  return withConditions(stored, nowMs, [
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
  ]);
}

function gatewayStatus(
  gateway: Known<GatewaySpec>,
  routes: readonly RouteOutcome[],
  nowMs: number,
): StatusWrite {
  const { stored, spec, id } = gateway;
  const { generation } = stored.metadata;
  const before = stored.status?.["listeners"];
  const verdicts = judgeListeners(gateway);
  const listeners = verdicts.map((verdict) => {
    const { name } = verdict.listener;
    const old = Array.isArray(before)
      ? (before as readonly { name?: string; conditions?: unknown }[]).find(
          (item) => item.name === name,
        )
      : undefined;
    return {
      name,
      supportedKinds: supportedKinds(verdict),
      attachedRoutes: routes.filter(({ attached }) => hangsOn(attached, id, name)).length,
      conditions: toConditions(listenerFindings(verdict), old?.conditions, { generation, nowMs }),
    };
  });
  const usable = verdicts.filter(({ refusal }) => !refusal).length;
  const reason = usable === verdicts.length ? "Accepted" : "ListenersNotValid";
  const message = `${usable} of ${verdicts.length} listeners are accepted.`;
  const findings: Finding[] = [
    { type: "Accepted", status: usable > 0 ? "True" : "False", reason, message },
    usable > 0
      ? holds("Programmed", "The gateway is in the published table.")
      : fails("Programmed", "Invalid", "No listener can be used."),
    ...partially(unsupportedOfGateway(spec)),
  ];
  return withConditions(stored, nowMs, findings, { listeners });
}

type Verdict = ReturnType<typeof judgeListeners>[number];

function supportedKinds({ listener, refusal }: Verdict): { group: string; kind: string }[] {
  const { kinds } = listener.allowedRoutes;
  if (refusal === "UnsupportedProtocol") return [];
  return ROUTE_KINDS.filter(
    (wanted) =>
      kinds === undefined ||
      kinds.some(({ group, kind }) => group === GATEWAY_GROUP && kind === wanted),
  ).map((kind) => ({ group: GATEWAY_GROUP, kind }));
}

const hangsOn = (attached: readonly Attached[], gateway: string, listener: string): boolean =>
  attached.some(({ attachments }) =>
    attachments.some(
      (at) => at.to === "gateway" && at.gateway === gateway && at.listener === listener,
    ),
  );

function listenerFindings({ listener, refusal, conflict, invalidKinds }: Verdict): Finding[] {
  const why =
    refusal === "UnsupportedProtocol"
      ? `Protocol ${listener.protocol} cannot be served; use HTTP or HTTPS.`
      : `Port ${listener.port} is used with another protocol.`;
  return [
    refusal ? fails("Accepted", refusal, why) : holds("Accepted", "The listener is accepted."),
    refusal
      ? fails("Programmed", "Invalid", why)
      : holds("Programmed", "The listener is in the published table."),
    invalidKinds.length > 0
      ? fails(
          "ResolvedRefs",
          "InvalidRouteKinds",
          `No listener supports ${invalidKinds.join(", ")}.`,
        )
      : holds("ResolvedRefs", "Every reference resolves."),
    conflict
      ? { type: "Conflicted", status: "True", reason: conflict, message: why }
      : fails("Conflicted", "NoConflicts", "No other listener is in its way."),
  ];
}

function routeStatus({ source, route, attached, reach }: RouteOutcome, nowMs: number): StatusWrite {
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
