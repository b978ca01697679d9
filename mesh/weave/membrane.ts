// What is found in the results that an application gives and in the arguments it passes, and must not go on as it is.
import { RpcTarget } from "cloudflare:workers";
import type { InboundCall } from "../pipeline/call.ts";
import type { Isolate, Scope, Tagged } from "../pipeline/isolate.ts";
import { HeddleError } from "../pipeline/problem.ts";
import { withLate } from "./load-late.ts";
import { MESHED, nativeOf } from "./native.ts";
import { inScope } from "./scope.ts";
import { isWithin, replaceWithin } from "./within.ts";

/** The call a capability was returned by. */
export interface Grant {
  readonly isolate: Isolate;
  readonly scope: Scope;
  /** Whose revocation ends it; empty where nobody was authenticated. */
  readonly principal: string;
  /** Says which version of it calls. */
  readonly caller?: Tagged;
  /** What policy says of its members; absent: nothing. */
  readonly mayUse?: InboundCall["mayUse"];
  /** How the capability was come by, as policy names it: `()`, then `().name()`. */
  readonly path?: string;
}

/** A grant with what membranes need of this module and of the platform: the late part imports neither. */
export interface HeldGrant extends Grant {
  readonly targetClass: typeof RpcTarget;
  readonly inScope: typeof inScope;
  readonly isWanted: (value: unknown) => boolean;
  readonly reveal: (value: object) => unknown;
}

/**
 * A result as the caller gets it: targets and functions behind a membrane, everything else as it is. Membranes are in the
 * late part; while that is not here, the answer is a promise.
 */
export const guard = (value: unknown, grant: Grant): unknown =>
  isWithin(value, isWanted)
    ? withLate((late) =>
        late.guard(value, { ...grant, targetClass: RpcTarget, inScope, isWanted, reveal }),
      )
    : value;

/** Arguments as the runtime takes them: what stands behind ours in their place, a mesh binding refused. */
export const argumentsOf = (args: readonly unknown[]): readonly unknown[] =>
  replaceWithin(args, {
    isWanted: (value) => nativeOf(value as object) !== undefined,
    replace: (value) => reveal(value as object),
  }) as readonly unknown[];

/** What stands behind one of ours; undefined of what is none. */
function reveal(value: object): unknown {
  const native = nativeOf(value);
  if (native === MESHED) throw new HeddleError("bad_argument");
  return native;
}

/** Stubs of the runtime are functions too, but none of the language's: they go on as they are. */
const isWanted = (value: unknown): boolean =>
  value instanceof RpcTarget ||
  value instanceof Function ||
  nativeOf(value as object) !== undefined;
