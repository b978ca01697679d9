// The ratios that hold: a run that is more than a tenth above the recorded one fails.
import { readFileSync, writeFileSync } from "node:fs";
import type { HopReport } from "./measure.ts";

const RECORD = "bench/hop/recorded.json";
const MOST_GROWTH = 1.1;

type Recorded = Readonly<Record<string, number>>;

/** The quiet ratio of each case: a shared machine only ever adds, so the least disturbed tenth is compared. */
function ratiosOf(report: HopReport): Recorded {
  const ratios: Record<string, number> = {};
  for (const kind of ["fetch", "rpc"] as const)
    for (const [level, { cpuRatio }] of Object.entries(report[kind]))
      ratios[`${kind}.${level}`] = cpuRatio.quiet;
  return ratios;
}

/** Writes the run's ratios as the ones to hold. */
export function recordHop(report: HopReport): void {
  writeFileSync(RECORD, `${JSON.stringify(ratiosOf(report), null, 2)}\n`);
}

/** What grew too much, one sentence each. */
export function guardHop(report: HopReport): readonly string[] {
  const recorded = JSON.parse(readFileSync(RECORD, "utf8")) as Recorded;
  return Object.entries(ratiosOf(report)).flatMap(([name, ratio]) => {
    const held = recorded[name];
    if (held === undefined || ratio <= held * MOST_GROWTH) return [];
    return [`${name}: ${ratio} is more than a tenth above the recorded ${held}`];
  });
}
