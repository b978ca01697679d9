// Owns the tables of golden signals: columns of `heddle stat`, `edges` and `top`.
import type { Edge, Golden, Stat } from "../../mesh/contract/api.ts";

type Rows = readonly (readonly string[])[];
type Counted = Pick<Edge, "effective" | "actual" | "refusals" | "inbound">;

const FIGURES = ["SUCCESS", "RPS", "P50", "P95", "P99", "ACTUAL", "TRIES/S", "RETRIES", "REFUSED"];

export const serviceRows = ({ services }: Stat): Rows => [
  ["SERVICE", ...FIGURES],
  ...services.map((one) => [one.service, ...figures(one)]),
];

export const edgeRows = ({ edges }: Stat): Rows => [
  ["SOURCE", "DESTINATION", ...FIGURES],
  ...edges.map((one) => [one.source, one.destination, ...figures(one)]),
];

export const topRows = ({ edges }: Stat): Rows => [
  ["SOURCE", "ENDPOINT", "ROUTE", "COUNT", "SUCCESS", "RPS", "P50", "P95", "P99"],
  ...edges
    .flatMap(({ source, endpoints }) => endpoints.map((one) => ({ source, ...one })))
    .toSorted((a, b) => b.count - a.count)
    .map((one) => [
      one.source,
      one.endpoint,
      one.route === "" ? "-" : one.route,
      String(one.count),
      percent(one),
      rate(one),
      ...latencies(one),
    ]),
];

/** A service that nobody dials by its name is still timed by its attempts. */
function figures({ effective, actual, refusals, inbound }: Counted): readonly string[] {
  return [
    percent(effective),
    rate(effective),
    ...latencies(effective ?? actual),
    percent(actual),
    rate(actual),
    retried(effective ?? actual),
    listed(refusals, inbound),
  ];
}

const percent = (golden: Golden | null): string =>
  golden === null ? "-" : `${(Math.floor(golden.success * 10_000) / 100).toFixed(2)}%`;

const rate = (golden: Golden | null): string =>
  golden === null ? "-" : golden.perSecond.toFixed(1);

const retried = (golden: Golden | null): string =>
  golden === null || golden.count === 0
    ? "-"
    : `${((100 * golden.retries) / golden.count).toFixed(1)}%`;

const latencies = (golden: Golden | null): readonly string[] =>
  [golden?.p50Ms, golden?.p95Ms, golden?.p99Ms].map(duration);

/** `0ms`, `42ms`, `1.25s`. */
function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "-";
  return ms < 1000 ? `${Math.round(ms)}ms` : `${(ms / 1000).toFixed(2)}s`;
}

/** `circuit_open 12, denied 3 (inbound)`. */
function listed(
  refusals: Readonly<Record<string, number>>,
  inbound: Readonly<Record<string, number>>,
): string {
  const said = [
    ...Object.entries(refusals).map(([reason, count]) => `${reason} ${count}`),
    ...Object.entries(inbound).map(([reason, count]) => `${reason} ${count} (inbound)`),
  ];
  return said.length === 0 ? "-" : said.join(", ");
}
