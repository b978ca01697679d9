// Owns what the definitions of commands share: how one is added, options that several have, and how examples look.
import { type Command, InvalidArgumentError, Option, type OptionValues } from "commander";
import type { ExitCode } from "./exit.ts";

/** Defines a command on the program, and what it runs. */
export type Add = <O extends OptionValues>(
  define: (program: Command) => Command,
  run: (args: string[], options: O) => Promise<ExitCode>,
) => void;

export const output = (choices: readonly string[], usual = "table"): Option =>
  new Option("-o, --output <form>", "form of what is printed").choices(choices).default(usual);

export const examples = (lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ ${line}\n`).join("")}`;

/** An option that may be given several times. */
export const collect = (
  value: string,
  previous: readonly string[] | undefined,
): readonly string[] => [...(previous ?? []), value];

/** A TCP port. */
export function port(value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number <= 65_535) return number;
  throw new InvalidArgumentError("A port is a number from 0 to 65535.");
}
