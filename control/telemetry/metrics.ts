// Owns `/metrics`: the totals of every Telemetry object in Prometheus' text format 0.0.4, with what Registry knows.
import { cumulative } from "../../mesh/algorithms/histogram/quantile.ts";
import { countOf } from "../../mesh/algorithms/histogram/merge.ts";
import type { IsolateSeen } from "../../mesh/contract/state.ts";
import {
  BYPASSED,
  DEGRADED,
  METRICS,
  OUTSIDE,
  SPANS,
  SPANS_DROPPED,
  type SeriesDelta,
} from "../../mesh/contract/telemetry.ts";
import type { Control } from "../control.ts";
import { type Readings, destinations, readDestinations } from "./read.ts";
import { isRefusal } from "./stat.ts";
import { type Family, writeFamilies } from "./text-format.ts";

/** The content type of the format. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";
/** Upper bounds of the classic buckets in seconds, as OpenTelemetry advises for HTTP. */
export const BOUNDS = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
] as const;
/** Isolates not heard of for this long are gone. */
const GONE_MS = 600_000;

/** Everything a scrape gets. */
export async function readMetrics(control: Control): Promise<string> {
  const nowMs = control.clock.now();
  const [readings, isolates] = await Promise.all([
    destinations(control).then((names) => readDestinations(control, names, null)),
    control.registry.isolates(nowMs - GONE_MS),
  ]);
  return writeFamilies([...familiesOf(readings), ...isolateFamilies(isolates, nowMs)]);
}

type Labels = Readonly<Record<string, string>>;

/** Counters and histograms of calls, attempts and events. */
export function familiesOf(readings: Readings): readonly Family[] {
  const all = readings.flatMap(([destination, { series }]) =>
    series.map((one) => ({ ...one, destination, source: one.source || OUTSIDE })),
  );
  const effective = all.filter(({ facet }) => facet === "effective");
  const actual = all.filter(({ facet }) => facet === "actual");
  const edgeOf = ({ source, destination, route }: (typeof all)[number]): Labels => ({
    source,
    destination,
    route,
  });
  const tryOf = (one: (typeof all)[number]): Labels => ({ ...edgeOf(one), endpoint: one.endpoint });
  return [
    counter(METRICS.requests, "Logical calls as their callers saw them.", effective, edgeOf),
    histogram(METRICS.requestDuration, "How long logical calls took.", effective, edgeOf),
    counter(METRICS.attempts, "Attempts at endpoints.", actual, tryOf),
    histogram(METRICS.attemptDuration, "How long attempts took.", actual, tryOf),
    {
      name: METRICS.retries,
      type: "counter",
      help: "Attempts after the first of their call.",
      samples: actual
        .filter(({ retries }) => retries > 0)
        .map((one) => ({ labels: tryOf(one), value: one.retries })),
    },
    refusals(all),
    events(all),
    event(all, METRICS.degraded, DEGRADED, "Calls on keys of the deploy seed."),
    event(all, METRICS.spans, SPANS, "Spans that a collector took."),
    event(all, METRICS.spansDropped, SPANS_DROPPED, "Spans that were given up."),
  ];
}

type Counted = SeriesDelta & { readonly destination: string };

function counter(
  name: string,
  help: string,
  series: readonly Counted[],
  labelsOf: (one: Counted) => Labels,
): Family {
  const samples = series.flatMap((one) =>
    [...one.outcomes].map(([outcome, value]) => ({ labels: { ...labelsOf(one), outcome }, value })),
  );
  return { name, type: "counter", help, samples };
}

function histogram(
  name: string,
  help: string,
  series: readonly Counted[],
  labelsOf: (one: Counted) => Labels,
): Family {
  const samples = series.flatMap((one) => {
    const labels = labelsOf(one);
    const within = cumulative(
      one.durations,
      BOUNDS.map((bound) => bound * 1000),
    );
    const count = countOf(one.durations);
    return [
      ...BOUNDS.map((bound, index) => ({
        suffix: "_bucket",
        labels: { ...labels, le: String(bound) },
        value: within[index] ?? 0,
      })),
      { suffix: "_bucket", labels: { ...labels, le: "+Inf" }, value: count },
      { suffix: "_sum", labels, value: one.durations.sum / 1000 },
      { suffix: "_count", labels, value: count },
    ];
  });
  return { name, type: "histogram", help, samples };
}

const refusals = (all: readonly Counted[]): Family => ({
  name: METRICS.refusals,
  type: "counter",
  help: "Calls that the mesh refused, on the caller's side or the callee's.",
  samples: all
    .filter(({ facet }) => facet === "effective" || facet === "inbound")
    .flatMap(({ facet, source, destination, route, outcomes }) =>
      [...outcomes]
        .filter(([outcome]) => isRefusal(outcome))
        .map(([reason, value]) => {
          const side = facet === "inbound" ? "inbound" : "outbound";
          return { labels: { source, destination, route, side, reason }, value };
        }),
    ),
});

const events = (all: readonly Counted[]): Family => ({
  name: METRICS.bypassed,
  type: "counter",
  help: "Calls that a kill switch touched.",
  samples: eventsOf(all).flatMap(({ source, destination, outcomes }) =>
    [...outcomes]
      .filter(([name]) => name.startsWith(BYPASSED))
      .map(([name, value]) => {
        const feature = name.slice(BYPASSED.length);
        return { labels: { source, destination, feature }, value };
      }),
  ),
});

const event = (all: readonly Counted[], name: string, of: string, help: string): Family => ({
  name,
  type: "counter",
  help,
  samples: eventsOf(all)
    .filter(({ outcomes }) => outcomes.has(of))
    .map(({ source, destination, outcomes }) => ({
      labels: { source, destination },
      value: outcomes.get(of) ?? 0,
    })),
});

const eventsOf = (all: readonly Counted[]): readonly Counted[] =>
  all.filter(({ facet }) => facet === "event");

function isolateFamilies(isolates: readonly IsolateSeen[], nowMs: number): readonly Family[] {
  const workloads = [...Map.groupBy(isolates, ({ workload }) => workload)];
  const gauge = (
    name: string,
    help: string,
    valueOf: (own: readonly IsolateSeen[]) => number,
  ): Family => ({
    name,
    type: "gauge",
    help,
    samples: workloads.map(([workload, own]) => ({ labels: { workload }, value: valueOf(own) })),
  });
  return [
    gauge(METRICS.isolates, "Isolates heard of in the last 10 minutes.", (own) => own.length),
    gauge(METRICS.tableVersion, "Oldest table version in use.", (own) =>
      Math.min(...own.map(({ version }) => version)),
    ),
    gauge(
      METRICS.reportAge,
      "Seconds since the last report.",
      (own) => (nowMs - Math.max(...own.map(({ seenMs }) => seenMs))) / 1000,
    ),
  ];
}
