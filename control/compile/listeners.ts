// Owns which listeners of a Gateway can be used, and why the others cannot.
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
  /** Reason of `Accepted=False`. */
  readonly refusal: "UnsupportedProtocol" | "PortUnavailable" | null;
  /** Reason of `Conflicted=True`. */
  readonly conflict: "ProtocolConflict" | null;
  /** Kinds named in allowedRoutes that no listener supports. */
  readonly invalidKinds: readonly string[];
}

/** Judges every listener of a Gateway, in its order. */
export function judgeListeners({ spec }: Known<GatewaySpec>): ListenerVerdict[] {
  return spec.listeners.map((listener) => {
    const clashes = spec.listeners.some(
      (other) => other.port === listener.port && other.protocol !== listener.protocol,
    );
    const supported = PROTOCOLS.has(listener.protocol);
    const invalidKinds = (listener.allowedRoutes.kinds ?? [])
      .filter(({ group, kind }) => group !== GATEWAY_GROUP || !ROUTE_KINDS.includes(kind))
      .map(({ group, kind }) => `${group}/${kind}`);
    return {
      listener,
      refusal: supported ? (clashes ? "PortUnavailable" : null) : "UnsupportedProtocol",
      conflict: clashes ? "ProtocolConflict" : null,
      invalidKinds,
    };
  });
}

/** Names of the listeners that routes can attach to. */
export const usableListeners = (gateway: Known<GatewaySpec>): ReadonlySet<string> =>
  new Set(
    judgeListeners(gateway).flatMap(({ listener, refusal }) => (refusal ? [] : [listener.name])),
  );
