// Owns what the status of Gateways and ListenerSets says of their listeners.
import type { Attached } from "../compile/attach.ts";
import type { Inventory, Known } from "../compile/inventory.ts";
import { type SetVerdict, judgeSets } from "../compile/listener-sets.ts";
import {
  type ListenerVerdict,
  ROUTE_KINDS,
  allowsKind,
  judgeListeners,
} from "../compile/listeners.ts";
import { unsupportedOfGateway } from "../compile/unsupported.ts";
import type { GatewaySpec } from "../../mesh/contract/resources/gateway.ts";
import { GATEWAY_GROUP } from "../../mesh/contract/resources/meta.ts";
import type { StoredResource } from "../../mesh/contract/state.ts";
import { type Finding, fails, holds, partially, toConditions } from "./conditions.ts";

/** Conditions of a resource, and what else its status says. */
interface Report {
  readonly findings: readonly Finding[];
  readonly rest: Readonly<Record<string, unknown>>;
}

/** Where routes hang. */
type Routes = readonly { readonly attached: readonly Attached[] }[];

/** Whether any listener can be used, and how many are taken. */
function acceptance(verdicts: readonly ListenerVerdict[]): {
  readonly accepted: Finding;
  readonly isUsable: boolean;
} {
  const usable = verdicts.filter(({ refusal }) => !refusal).length;
  const isUsable = usable > 0;
  const reason = usable === verdicts.length ? "Accepted" : "ListenersNotValid";
  const message = `${usable} of ${verdicts.length} listeners are accepted.`;
  return {
    accepted: { type: "Accepted", status: isUsable ? "True" : "False", reason, message },
    isUsable,
  };
}

/** The status of one Gateway. */
export function gatewayReport(
  gateway: Known<GatewaySpec>,
  inventory: Inventory,
  routes: Routes,
  nowMs: number,
): Report {
  const { stored, spec, id } = gateway;
  const verdicts = judgeListeners(gateway);
  const joined = [...judgeSets(inventory).values()].filter((set) => set.gateway === id);
  const served = joined.filter(({ listeners }) => listeners.some(({ refusal }) => !refusal));
  const { accepted, isUsable } = acceptance(verdicts);
  return {
    findings: [
      accepted,
      isUsable
        ? holds("Programmed", "The gateway is in the published table.")
        : fails("Programmed", "Invalid", "No listener can be used."),
      ...partially(unsupportedOfGateway(spec)),
    ],
    rest: {
      listeners: listenersOf(stored, id, verdicts, routes, nowMs),
      ...(served.length > 0 ? { attachedListenerSets: served.length } : {}),
    },
  };
}

/** The status of one ListenerSet. */
export function listenerSetReport(
  { set, gateway, refusal, listeners: verdicts }: SetVerdict,
  routes: Routes,
  nowMs: number,
): Report {
  if (gateway === null) {
    const { reason = "ParentNotAccepted", message = "" } = refusal ?? {};
    return {
      findings: [fails("Accepted", reason, message), fails("Programmed", reason, message)],
      rest: { listeners: [] },
    };
  }
  const { accepted, isUsable } = acceptance(verdicts);
  return {
    findings: [
      accepted,
      isUsable
        ? holds("Programmed", "The listeners are in the published table.")
        : fails("Programmed", "ListenersNotValid", "No listener can be used."),
      ...partially(
        set.spec.listeners.flatMap(({ tls }, index) =>
          tls ? [`spec.listeners[${index}].tls`] : [],
        ),
      ),
    ],
    rest: { listeners: listenersOf(set.stored, gateway, verdicts, routes, nowMs) },
  };
}

/** `status.listeners`; `gateway` serves them. */
function listenersOf(
  stored: StoredResource,
  gateway: string,
  verdicts: readonly ListenerVerdict[],
  routes: Routes,
  nowMs: number,
): object[] {
  const { generation } = stored.metadata;
  const before = stored.status?.["listeners"];
  return verdicts.map((verdict) => {
    const { name } = verdict.listener;
    const old = Array.isArray(before)
      ? (before as readonly { name?: string; conditions?: unknown }[]).find(
          (item) => item.name === name,
        )
      : undefined;
    return {
      name,
      supportedKinds: supportedKinds(verdict),
      attachedRoutes: routes.filter(({ attached }) => hangsOn(attached, gateway, verdict.name))
        .length,
      conditions: toConditions(findingsOf(verdict), old?.conditions, { generation, nowMs }),
    };
  });
}

function supportedKinds({ listener, refusal }: ListenerVerdict): { group: string; kind: string }[] {
  if (refusal === "UnsupportedProtocol") return [];
  return ROUTE_KINDS.filter((kind) => allowsKind(listener, kind)).map((kind) => ({
    group: GATEWAY_GROUP,
    kind,
  }));
}

const hangsOn = (attached: readonly Attached[], gateway: string, listener: string): boolean =>
  attached.some(({ attachments }) =>
    attachments.some(
      (at) => at.to === "gateway" && at.gateway === gateway && at.listener === listener,
    ),
  );

function findingsOf(verdict: ListenerVerdict): Finding[] {
  const { refusal, conflict, invalidKinds } = verdict;
  const why = whyRefused(verdict);
  return [
    refusal ? fails("Accepted", refusal, why) : holds("Accepted", "The listener is accepted."),
    refusal
      ? fails("Programmed", refusal === conflict ? conflict : "Invalid", why)
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

function whyRefused({ listener, refusal, conflict }: ListenerVerdict): string {
  if (refusal === "UnsupportedProtocol")
    return `Protocol ${listener.protocol} cannot be served; use HTTP or HTTPS.`;
  if (conflict === "HostnameConflict")
    return `Another listener has port ${listener.port} and hostname ${listener.hostname ?? "*"}.`;
  return `Port ${listener.port} is used with another protocol.`;
}
