// Owns the golden signals of edges: what callers saw of a service and what its endpoints did, made of Telemetry's counts.
import { emptyHistogram } from "../../mesh/algorithms/histogram/histogram.ts";
import { merge } from "../../mesh/algorithms/histogram/merge.ts";
import { quantile } from "../../mesh/algorithms/histogram/quantile.ts";
import type { Edge, Golden, ServiceStat, Stat } from "../../mesh/contract/api.ts";
import { REASONS, type Reason } from "../../mesh/contract/reasons.ts";
import type { TelemetryReading } from "../../mesh/contract/state.ts";
import {
  OUTSIDE,
  type Durations,
  type Facet,
  type SeriesDelta,
} from "../../mesh/contract/telemetry.ts";

/** Golden signals of readings by destination. */
export function statOf(
  readings: readonly (readonly [destination: string, reading: TelemetryReading])[],
  windowMs: number | null,
): Stat {
  const services: ServiceStat[] = [];
  const edges: Edge[] = [];
  for (const [service, { series, spanMs }] of readings) {
    if (!series.some(({ facet }) => facet !== "event")) continue;
    services.push({ service, ...commonOf(series, spanMs) });
    for (const [source, own] of Map.groupBy(series, (one) => one.source))
      if (own.some(({ facet }) => facet !== "event"))
        edges.push({
          source: source === "" ? OUTSIDE : source,
          destination: service,
          ...commonOf(own, spanMs),
          routes: parts(own, "effective", spanMs).map(({ route, golden }) => ({
            route,
            ...golden,
          })),
          endpoints: parts(own, "actual", spanMs).map(({ route, endpoint, golden }) => ({
            route,
            endpoint,
            ...golden,
          })),
        });
  }
  return { windowMs, services, edges };
}

function commonOf(series: readonly SeriesDelta[], spanMs: number) {
  const effective = goldenOf(series, "effective", spanMs);
  return {
    effective,
    actual: goldenOf(series, "actual", spanMs),
    refusals: refusalsOf(effective?.outcomes ?? {}),
    inbound: goldenOf(series, "inbound", spanMs)?.outcomes ?? {},
  };
}

const refusalsOf = (outcomes: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(outcomes).filter(([outcome]) => isRefusal(outcome)));

/** Whether the mesh itself made the answer. */
export const isRefusal = (outcome: string): boolean =>
  Object.hasOwn(REASONS, outcome) && REASONS[outcome as Reason].origin === "local";

/** Whether a call or attempt did not end well. */
export const isError = (outcome: string): boolean =>
  outcome !== "ok" && outcome !== "4xx" && outcome !== "client_abort";

function parts(series: readonly SeriesDelta[], facet: Facet, spanMs: number) {
  return series
    .filter((one) => one.facet === facet)
    .map(({ route, endpoint, ...counts }) => ({
      route,
      endpoint,
      golden: toGolden([{ route, endpoint, ...counts }], spanMs),
    }));
}

function goldenOf(series: readonly SeriesDelta[], facet: Facet, spanMs: number): Golden | null {
  const own = series.filter((one) => one.facet === facet);
  return own.length === 0 ? null : toGolden(own, spanMs);
}

function toGolden(series: readonly SeriesDelta[], spanMs: number): Golden {
  const outcomes: Record<string, number> = {};
  let durations: Durations = emptyHistogram();
  for (const one of series) {
    durations = merge(durations, one.durations);
    for (const [outcome, count] of one.outcomes)
      outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
  }
  const entries = Object.entries(outcomes);
  const count = entries.reduce((sum, [, more]) => sum + more, 0);
  const errors = entries.reduce((sum, [name, more]) => sum + (isError(name) ? more : 0), 0);
  return {
    count,
    errors,
    retries: series.reduce((sum, { retries }) => sum + retries, 0),
    success: count === 0 ? 1 : (count - errors) / count,
    perSecond: (count * 1000) / spanMs,
    p50Ms: quantile(durations, 0.5),
    p95Ms: quantile(durations, 0.95),
    p99Ms: quantile(durations, 0.99),
    outcomes,
  };
}
