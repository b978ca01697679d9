// Owns the rows of docs/scale.md: what is run, and how a row is written.
import { runScale, type ScaleReport } from "../../mesh/simulator.ts";

/** Isolates and calls a second and isolate of each row. */
export const ROWS: readonly (readonly [isolates: number, rate: number])[] = [
  100, 2000, 100_000,
].flatMap((isolates) => [0.02, 0.2, 2, 20].map((rate) => [isolates, rate] as const));

export const HEAD: string = [
  "| isolates | calls a second each | drawn | opens after | wasted calls | closes after | rounds | probes out, at most | calls of one object a second, at most | shards | pulses a call |",
  "|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|",
].join("\n");

/** Runs that a row stands for; chance moves one of them by more than a twentieth. */
const SEEDS = { few: 3, many: 8 } as const;
const FEW_ABOVE = 2000;

/** What the runs of a row come to: times and counts at the mean, bounds at the worst. */
export function meanOf(isolates: number, rate: number, isBulk?: boolean): ScaleReport {
  const seeds = isolates > FEW_ABOVE ? SEEDS.few : SEEDS.many;
  const more = isBulk === undefined ? {} : { isBulk };
  const runs = Array.from({ length: seeds }, (_, at) =>
    runScale({ isolates, rate, seed: at + 1, ...more }),
  );
  const opened = runs.filter(({ openedMs }) => openedMs >= 0);
  const mean = (key: keyof ScaleReport, of = runs): number =>
    of.length === 0 ? -1 : of.reduce((sum, run) => sum + Number(run[key]), 0) / of.length;
  const worst = (key: keyof ScaleReport): number =>
    Math.max(...runs.map((run) => Number(run[key])));
  return {
    isolates,
    rate,
    isBulk: runs[0]?.isBulk ?? false,
    calls: mean("calls"),
    openedMs: mean("openedMs", opened),
    wasted: Math.round(mean("wasted")),
    closedMs: mean("closedMs", opened),
    rounds: worst("rounds"),
    mostProbes: worst("mostProbes"),
    objectPeak: worst("objectPeak"),
    pulsesPerCall: mean("pulsesPerCall"),
    shards: worst("shards"),
    generations: worst("generations"),
  };
}

/** One row, run now. */
export const rowOf = (isolates: number, rate: number, isBulk?: boolean): string =>
  lineOf(meanOf(isolates, rate, isBulk));

function lineOf(report: ScaleReport): string {
  const never = report.openedMs < 0;
  const cells = [
    String(report.isolates),
    String(report.rate),
    report.isBulk ? "in bulk" : "each",
    never ? "never: too few calls" : seconds(report.openedMs),
    String(report.wasted),
    never ? "" : seconds(report.closedMs),
    never ? "" : String(report.rounds),
    String(report.mostProbes),
    String(report.objectPeak),
    String(report.shards),
    report.pulsesPerCall.toFixed(3),
  ];
  return `| ${cells.join(" | ")} |`;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
