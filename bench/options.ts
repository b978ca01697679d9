// Owns the options that every bench by paired rounds takes, and how it says what they are.
import { parseArgs } from "node:util";

/** What a bench is asked for. */
export interface BenchOptions {
  readonly rounds: number;
  /** The report as one object on the last line of stdout. */
  readonly isJson: boolean;
}

/** What a bench says of itself. */
export interface BenchUsage {
  readonly name: string;
  /** What it measures: lines of at most 120 characters. */
  readonly about: string;
  /** Paired rounds unless told otherwise. */
  readonly rounds: number;
}

/** Reads `-o`, `--rounds` and `--help` from the command line; null where help was asked for, which is printed. */
export function readOptions({ name, about, rounds }: BenchUsage): BenchOptions | null {
  const { values } = parseArgs({
    options: {
      output: { type: "string", short: "o" },
      rounds: { type: "string", default: String(rounds) },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (!values.help) return { rounds: Number(values.rounds), isJson: values.output === "json" };
  console.log(`Usage: npm run bench -- ${name} [options]

${about}

Options:
  -o, --output json   the report as one object on the last line of stdout
  --rounds N          paired rounds (default ${rounds})

Examples:
  npm run bench -- ${name}
  npm run bench -- ${name} -o json`);
  return null;
}
