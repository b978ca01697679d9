// Owns which listeners of a Gateway can be used, and why the others cannot; those of its ListenerSets are in
// listener-sets.ts.
import type { GatewaySpec, Listener } from "../../mesh/contract/resources/gateway.ts";
import { GATEWAY_GROUP } from "../../mesh/contract/resources/meta.ts";
import type { Known } from "./inventory.ts";

/** Protocols a Worker can serve; the platform terminates TLS. */
const PROTOCOLS: ReadonlySet<string> = new Set(["HTTP", "HTTPS"]);

/** Kinds of routes that listeners take. */
export const ROUTE_KINDS: readonly string[] = ["HTTPRoute", "GRPCRoute"];

/** What is wrong with one listener; all null is right. */
export interface ListenerVerdict {
  readonly listener: Listener;
  /** What the table calls it: unique among the listeners of its Gateway. */
  readonly name: string;
  /** Reason of `Accepted=False`. */
  readonly refusal:
    | "UnsupportedProtocol"
    | "PortUnavailable"
    | "ProtocolConflict"
    | "HostnameConflict"
    | null;
  /** Reason of `Conflicted=True`. */
  readonly conflict: "ProtocolConflict" | "HostnameConflict" | null;
  /** Kinds named in allowedRoutes that no listener supports. */
  readonly invalidKinds: readonly string[];
}

/** Judges every listener of a Gateway, in its order. */
export const judgeListeners = ({ spec }: Known<GatewaySpec>): ListenerVerdict[] =>
  spec.listeners.map((listener) => {
    const clashes = spec.listeners.some((other) => clash(other, listener) === "ProtocolConflict");
    return judgeListener(
      listener,
      listener.name,
      clashes ? { refusal: "PortUnavailable", conflict: "ProtocolConflict" } : FREE,
    );
  });

const FREE = { refusal: null, conflict: null } as const;

/** Judges one listener whose place among the others is known. */
export function judgeListener(
  listener: Listener,
  name: string,
  place: Pick<ListenerVerdict, "refusal" | "conflict">,
): ListenerVerdict {
  const invalidKinds = (listener.allowedRoutes.kinds ?? [])
    .filter(({ group, kind }) => group !== GATEWAY_GROUP || !ROUTE_KINDS.includes(kind))
    .map(({ group, kind }) => `${group}/${kind}`);
  const { refusal, conflict } = place;
  const isSupported = PROTOCOLS.has(listener.protocol);
  return {
    listener,
    name,
    refusal: isSupported ? refusal : "UnsupportedProtocol",
    conflict,
    invalidKinds,
  };
}

/** Whether a listener takes routes of a kind; one that names no kinds takes all of its protocol. */
export const allowsKind = ({ allowedRoutes: { kinds = [] } }: Listener, wanted: string): boolean =>
  kinds.length === 0 || kinds.some(({ group, kind }) => group === GATEWAY_GROUP && kind === wanted);

/** Why two listeners cannot both be served; null where they can. */
export function clash(a: Listener, b: Listener): NonNullable<ListenerVerdict["conflict"]> | null {
  if (a.port !== b.port) return null;
  if (a.protocol !== b.protocol) return "ProtocolConflict";
  return (a.hostname ?? "*") === (b.hostname ?? "*") ? "HostnameConflict" : null;
}
