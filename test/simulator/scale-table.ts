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

const SEED = 1;

/** One row, run now. */
export const rowOf = (isolates: number, rate: number, isBulk?: boolean): string =>
  lineOf(runScale({ isolates, rate, seed: SEED, ...(isBulk === undefined ? {} : { isBulk }) }));

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
