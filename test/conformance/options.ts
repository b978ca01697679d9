// Owns the command line of `npm run conformance`.
import { existsSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

export interface Options {
  /** Folder of case files, or one file. */
  readonly cases: string;
  readonly isJson: boolean;
  /** File names (without folder and extension) or ids; empty is all. */
  readonly only: readonly string[];
  /** How many files to draw; null is all. */
  readonly sample: number | null;
  readonly seed: number;
  readonly windowMs: number;
  /** Where the report goes besides the scratch folder; null is nowhere. */
  readonly report: string | null;
}

const ROOT = path.join(import.meta.dirname, "../..");
const SHARED = path.join(ROOT, "../shared/conformance/gateway-api");
const OWN = path.join(import.meta.dirname, "cases");

export const USAGE = `npm run conformance -- [--cases DIR] [-o json] [--only NAME-OR-ID]... [--sample N] [--seed S] [--window SECONDS] [--report FILE]

  --cases DIR          case files, at any depth; ${relative(SHARED)} if it is there, else ${relative(OWN)}
  -o json              one JSON object with every result before the last line
  --only NAME-OR-ID    only this file (name without .json, or its id); may be repeated
  --sample N           N files drawn with the seed
  --seed S             a whole number (default 1)
  --window SECONDS     how long after a change a case may take to hold (default 30)
  --report FILE        a ConformanceReport in the Gateway API's own format`;

/** The options in the arguments, null when only help is wanted; throws with a message for whoever typed them. */
export function parseOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      cases: { type: "string" },
      output: { type: "string", short: "o" },
      only: { type: "string", multiple: true },
      sample: { type: "string" },
      seed: { type: "string" },
      window: { type: "string" },
      report: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) return null;
  if (values.output !== undefined && values.output !== "json")
    throw new Error(`-o ${values.output}: only json is known`);
  return {
    cases: path.resolve(values.cases ?? (existsSync(SHARED) ? SHARED : OWN)),
    isJson: values.output === "json",
    only: (values.only ?? []).flatMap((names) => names.split(",")),
    sample: values.sample === undefined ? null : toNumber("--sample", values.sample),
    seed: toNumber("--seed", values.seed ?? "1"),
    windowMs: toNumber("--window", values.window ?? "30") * 1000,
    report: values.report === undefined ? null : path.resolve(values.report),
  };
}

function toNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new Error(`${name} ${text}: not a whole number`);
  return value;
}

function relative(folder: string): string {
  return path.relative(ROOT, folder);
}
