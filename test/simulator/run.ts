// `npm run simulate`: seeds in, invariants and how often each was tried out. Exit code 1 on a breach or an untried one.
import process from "node:process";
import { describe, runMany } from "../../mesh/simulator.ts";
import { parseOptions, USAGE, type Options } from "./options.ts";

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let options: Options | null;
  try {
    options = parseOptions(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}\n`);
    return 2;
  }
  if (options === null) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const startedMs = performance.now();
  const { seeds } = options;
  const report = await runMany({
    ...options,
    onSeed: (done, { seed, broken }) => {
      if (broken > 0) process.stderr.write(`seed ${seed}: ${broken} breaches\n`);
      if (done % 50 === 0) process.stderr.write(`${done} of ${seeds} seeds\n`);
    },
  });
  const perSecond = Math.round((report.calls / (performance.now() - startedMs)) * 1000);
  if (options.isJson) process.stdout.write(`${JSON.stringify({ ...report, perSecond })}\n`);
  else process.stdout.write(`${describe(report)}\n${perSecond} calls a second\n`);
  // One seed alone need not try everything.
  return report.broken > 0 || (seeds >= 20 && report.neverMet.length > 0) ? 1 : 0;
}
