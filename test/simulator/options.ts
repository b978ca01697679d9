// Owns the command line of `npm run simulate`.
import { parseArgs } from "node:util";

export interface Options {
  readonly seeds: number;
  /** Per seed. */
  readonly calls: number;
  readonly firstSeed: number;
  readonly isJson: boolean;
}

export const USAGE = `npm run simulate -- [--seeds N] [--calls N] [--seed S] [-o json]

  --seeds N    how many seeds (default 20; with --seed 1)
  --calls N    calls per seed, about (default 100000): a tenth through the whole mesh, the rest through the model of size
  --seed S     the first seed (default 1); to replay a breach, the seed it names and the same --calls
  -o json      one JSON object instead of text`;

/** The options in the arguments, null when only help is wanted; throws with a message for whoever typed them. */
export function parseOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: "string" },
      calls: { type: "string" },
      seed: { type: "string" },
      output: { type: "string", short: "o" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) return null;
  if (values.output !== undefined && values.output !== "json")
    throw new Error(`-o ${values.output}: only json is known`);
  return {
    seeds: toNumber("--seeds", values.seeds ?? (values.seed === undefined ? "20" : "1")),
    calls: toNumber("--calls", values.calls ?? "100000"),
    firstSeed: toNumber("--seed", values.seed ?? "1"),
    isJson: values.output === "json",
  };
}

function toNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`${name} ${text}: not a whole number above 0`);
  return value;
}
