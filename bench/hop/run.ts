// `npm run bench -- hop [-o json]`. Prints ratios; absolute times mean nothing on a shared machine.
import { parseArgs } from "node:util";
import { guardHop, recordHop } from "./guard.ts";
import { MOST_ROUNDS, runHop, WARM_UP_ROUNDS, type HopReport } from "./measure.ts";
import { MOST_ADDED, runState } from "./state.ts";

const USAGE = `Usage: npm run bench -- hop [options]

CPU of one call through the mesh over the same call unmeshed, per level, and each filter's share. The calls are warm:
${WARM_UP_ROUNDS} rounds run before those that count, since V8 has compiled the whole path only after some 20,000 calls.

Options:
  -o, --output json   the report as one object on the last line of stdout
  --rounds N          paired rounds (default 40, at most ${MOST_ROUNDS})
  --no-filters        without the share of each filter
  --record            keep this run's ratios as those that the guard compares with
  --state             what telemetry, breaker and pulse add to it; fails above 0.1
  --guard             fail when a ratio grew by more than 10 % over the recorded one
  --seed N            order of the cases (default 1)

Examples:
  npm run bench -- hop
  npm run bench -- hop -o json
  npm run bench:guard`;

const { values } = parseArgs({
  options: {
    output: { type: "string", short: "o" },
    rounds: { type: "string", default: "40" },
    filters: { type: "boolean", default: true },
    record: { type: "boolean", default: false },
    state: { type: "boolean", default: false },
    guard: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    help: { type: "boolean", short: "h", default: false },
  },
  allowNegative: true,
});

const log = (line: string): void => console.error(line);
if (values.help) console.log(USAGE);
else if (values.state) await state();
else await hop();

async function state(): Promise<void> {
  const rounds = Number(values.rounds);
  const report = await runState({ rounds, random: seeded(Number(values.seed)), log });
  if (!report.isHeld) process.exitCode = 1;
  const lines = [`Telemetry, breaker and pulse add to the ratio, ${rounds} paired rounds`];
  for (const [kind, { quiet, median }] of Object.entries(report.state))
    lines.push(`  ${kind.padEnd(6)}quiet ${quiet}  median ${median}  (at most ${MOST_ADDED})`);
  console.log(values.output === "json" ? JSON.stringify(report) : lines.join("\n"));
}

async function hop(): Promise<void> {
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > MOST_ROUNDS)
    throw new RangeError(`--rounds: a whole number from 1 to ${MOST_ROUNDS}, not ${values.rounds}`);
  const report = await runHop({
    rounds,
    withFilters: values.filters && !values.guard,
    random: seeded(Number(values.seed)),
    log,
  });
  if (values.record) recordHop(report);
  const faults = values.guard ? guardHop(report) : [];
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
  console.log(values.output === "json" ? JSON.stringify(report) : hopTable(report));
}

function hopTable(report: HopReport): string {
  const lines = [
    `CPU of a woven call over the same call unmeshed, ${report.rounds} paired rounds after ${report.warmUpRounds} to warm up`,
  ];
  for (const kind of ["fetch", "rpc"] as const)
    for (const [level, { cpuRatio }] of Object.entries(report[kind]))
      lines.push(
        `  ${kind.padEnd(6)}${level.padEnd(18)}p10 ${cpuRatio.p10}  median ${cpuRatio.median}`,
      );
  lines.push("Share of each filter (median ratio with it less the one without)");
  for (const [filter, share] of Object.entries(report.filters))
    lines.push(
      `  ${filter.padEnd(20)}fetch ${share.fetch.toFixed(3)}  rpc ${share.rpc.toFixed(3)}`,
    );
  const { perCall } = report;
  lines.push(
    `Per warm call: ${perCall.kvReads} KV reads, ${perCall.objectCalls} object calls, ${perCall.invocations} invocation of the callee`,
  );
  return lines.join("\n");
}

/** mulberry32. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
  };
}
