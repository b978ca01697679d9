// Owns the commands that show what calls come to: stat, edges, top.
import type { Command } from "commander";
import type { WatchedOptions } from "./commands/observe.ts";
import type { Io } from "./io.ts";
import { type Add, examples, output } from "./options.ts";

interface Shown {
  readonly name: "stat" | "edges" | "top";
  readonly summary: string;
  readonly description: string;
  readonly examples: readonly string[];
}

const SHOWN: readonly Shown[] = [
  {
    name: "stat",
    summary: "show success, rate and latency of services",
    description:
      "Shows what callers saw of each service (SUCCESS to P99, RETRIES, REFUSED) and what its endpoints did (ACTUAL, TRIES/S).",
    examples: ["heddle stat", "heddle stat reviews other/cart --window 10m", "heddle stat -o json"],
  },
  {
    name: "edges",
    summary: "show who calls whom, and how well that goes",
    description: "Shows each pair of caller and service: the same figures as `heddle stat`.",
    examples: ["heddle edges", "heddle edges payments --watch", "heddle edges -o json"],
  },
  {
    name: "top",
    summary: "show the busiest routes and endpoints",
    description: "Shows attempts by caller, route and endpoint, the busiest first.",
    examples: ["heddle top --watch", "heddle top reviews --window 10s", "heddle top -o json"],
  },
];

/** Adds them to the program. */
export function addObserving(add: Add, io: Io): void {
  for (const shown of SHOWN)
    add(
      (program) => defined(program, shown),
      async (services, options: WatchedOptions) =>
        await (await import("./commands/observe.ts")).observe(io, shown.name, services, options),
    );
}

const defined = (program: Command, shown: Shown): Command =>
  program
    .command(shown.name)
    .summary(shown.summary)
    .description(shown.description)
    .argument("[services...]", "name or namespace/name; default: all")
    .option("--window <duration>", "how far back, 1s to 6h, or `ever`", "1m")
    .option("-w, --watch", "again every two seconds, until it is interrupted")
    .addOption(output(["table", "json", "yaml", "name"]))
    .addHelpText("after", examples(shown.examples));
