// Owns how `Mesh.spec.defaults` lies over the defaults of this build.
import { DEFAULTS } from "../../mesh/contract/defaults.ts";
import { toMilliseconds } from "../../mesh/contract/resources/duration.ts";
import type { MeshSpec } from "../../mesh/contract/resources/mesh.ts";
import type { Defaults } from "../../mesh/contract/table.ts";

type Given = NonNullable<MeshSpec["defaults"]>;

const ms = (duration: string | undefined): number | undefined =>
  duration === undefined ? undefined : toMilliseconds(duration);

/** The defaults in force; a field the Mesh leaves out keeps this build's value. */
export function effectiveDefaults(given: Given = {}): Defaults {
  const { identity, lease, timeouts, bulkhead, retry } = given;
  const globalFetch = given.egress?.globalFetch;
  return {
    identity: over(DEFAULTS.identity, { level: identity?.level }),
    lease: over(DEFAULTS.lease, { normalMs: ms(lease?.normal), strictMs: ms(lease?.strict) }),
    timeouts: over(DEFAULTS.timeouts, { edgeMs: ms(timeouts?.edge) }),
    retry: effectiveRetry(retry),
    bulkhead: over(DEFAULTS.bulkhead, { maxInFlight: bulkhead?.maxInFlight }),
    balance: given.balance ?? DEFAULTS.balance,
    ...(globalFetch === undefined ? {} : { egress: { globalFetch } }),
  };
}

const effectiveRetry = ({ attempts, codes, backoff, budget }: NonNullable<Given["retry"]> = {}) =>
  over(DEFAULTS.retry, {
    attempts,
    codes,
    backoffBaseMs: ms(backoff?.base),
    backoffCapMs: ms(backoff?.cap),
    budgetRatio: budget?.ratio,
    budgetCap: budget?.cap,
  });

/** `normal` with the fields of `given` that are set. */
function over<T extends object>(
  normal: T,
  given: { readonly [K in keyof T]: T[K] | undefined },
): T {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...normal, ...Object.fromEntries(set) };
}
