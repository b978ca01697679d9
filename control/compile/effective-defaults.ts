// Owns how `Mesh.spec.defaults` lies over the defaults of this build.
import { DEFAULT_BREAKER, DEFAULTS } from "../../mesh/contract/defaults.ts";
import { toBreaker } from "../../mesh/contract/resources/breaker.ts";
import { toMilliseconds } from "../../mesh/contract/resources/duration.ts";
import type { MeshSpec } from "../../mesh/contract/resources/mesh.ts";
import type { CohortSource, Defaults } from "../../mesh/contract/table.ts";

type CohortSourceSpec = NonNullable<NonNullable<MeshSpec["defaults"]>["cohort"]>["from"][number];
type Given = NonNullable<MeshSpec["defaults"]>;

const ms = (duration: string | undefined): number | undefined =>
  duration === undefined ? undefined : toMilliseconds(duration);

/** The defaults in force; a field the Mesh leaves out keeps this build's value. */
export function effectiveDefaults(given: Given = {}): Defaults {
  const { identity, bulkhead, retry } = given;
  return {
    identity: {
      level: identity?.level ?? DEFAULTS.identity.level,
      ...(identity?.permissiveUntil
        ? { permissiveUntilMs: Date.parse(identity.permissiveUntil) }
        : {}),
    },
    ...ofTime(given),
    retry: effectiveRetry(retry),
    bulkhead: over(DEFAULTS.bulkhead, { maxInFlight: bulkhead?.maxInFlight }),
    breaker: toBreaker(given.breaker ?? {}, DEFAULT_BREAKER),
    balance: given.balance ?? DEFAULTS.balance,
    authorization: {
      defaultAction: given.authorization?.defaultAction ?? "allow-bound",
    },
    ...ofTheEdge(given),
    ...(given.accessLog === undefined ? {} : { accessLog: given.accessLog }),
    ...effectiveTracing(given.tracing),
  };
}

const ofTime = ({ lease, timeouts }: Given): Pick<Defaults, "lease" | "timeouts"> => ({
  lease: over(DEFAULTS.lease, { normalMs: ms(lease?.normal), strictMs: ms(lease?.strict) }),
  timeouts: over(DEFAULTS.timeouts, { edgeMs: ms(timeouts?.edge) }),
});

/** What holds where requests come in and leave the mesh. */
const ofTheEdge = ({ cohort, egress }: Given): Pick<Defaults, "cohort" | "egress"> => ({
  ...(cohort === undefined ? {} : { cohort: { from: cohort.from.map(toSource) } }),
  ...(egress?.globalFetch === undefined ? {} : { egress: { globalFetch: egress.globalFetch } }),
});

/** Off unless somebody takes the spans. */
function effectiveTracing({ otlpUrl, sampling = 1 }: NonNullable<Given["tracing"]> = {}): Pick<
  Defaults,
  "tracing"
> {
  return otlpUrl === undefined || sampling === 0 ? {} : { tracing: { otlpUrl, sampling } };
}

const toSource = ({ header, cookie, claim }: CohortSourceSpec): CohortSource => {
  if (header !== undefined) return { on: "header", name: header.toLowerCase() };
  return cookie === undefined ? { on: "claim", name: claim ?? "" } : { on: "cookie", name: cookie };
};

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
