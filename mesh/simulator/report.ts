// Owns how to tell of many seeds: counters, and of each breach its seed and the end of its trace.
import { INVARIANTS, type InvariantName, type Violation } from "./judge/invariants.ts";
import type { ManyReport } from "./many.ts";

/** For a terminal. */
export function describe(report: ManyReport): string {
  const { seeds, firstSeed, calls, wholeCalls, hash, met, fired } = report;
  const lines = [
    `${seeds} seeds from ${firstSeed}, ${calls} calls, ${wholeCalls} of them the whole way; trace ${hash}`,
    "",
    ...Object.entries(INVARIANTS).map(
      ([name, text]) =>
        `${name.padEnd(4)} ${String(met[name as InvariantName]).padStart(10)}  ${text}`,
    ),
    "",
    `faults felt: ${Object.entries(fired)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ")}`,
  ];
  for (const name of report.neverMet) lines.push(`${name} was never put to the test`);
  for (const violation of report.violations) lines.push("", ...told(violation));
  lines.push("", report.broken === 0 ? "no invariant was broken" : `${report.broken} breaches`);
  return lines.join("\n");
}

const told = ({ seed, invariant, detail, atMs, trace }: Violation): readonly string[] => [
  `${invariant} broken in seed ${seed}: ${detail}`,
  ...trace
    .slice(-12)
    .map(
      (entry) =>
        `  ${((entry.atMs - atMs) / 1000).toFixed(3)} s  ${entry.what} (machine ${entry.who}, ${entry.detail})`,
    ),
];
