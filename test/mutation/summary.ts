// Owns what is told of a mutation run: the share that was killed, by file, and every survivor.
import { whyEquivalent } from "./equivalent.ts";

/** Share of the mutants that must be killed. */
const LEAST = 0.9;

/** As much of Stryker's report as is read. */
export interface Report {
  readonly files: Readonly<Record<string, { readonly mutants: readonly Mutant[] }>>;
}

interface Mutant {
  readonly status: string;
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly location: { readonly start: { readonly line: number; readonly column: number } };
}

export interface Summary {
  readonly killed: number;
  readonly mutants: number;
  readonly survivors: readonly string[];
  readonly text: string;
}

const KILLED: ReadonlySet<string> = new Set(["Killed", "Timeout"]);
/** What could not run at all is no mutant. */
const COUNTED: ReadonlySet<string> = new Set([...KILLED, "Survived", "NoCoverage"]);

export function summaryOf({ files }: Report): Summary {
  const lines: string[] = [];
  const survivors: string[] = [];
  let killed = 0;
  let mutants = 0;
  for (const [file, found] of Object.entries(files).toSorted(([a], [b]) => a.localeCompare(b))) {
    const counted = found.mutants.filter(({ status }) => COUNTED.has(status));
    const dead = counted.filter(({ status }) => KILLED.has(status)).length;
    killed += dead;
    mutants += counted.length;
    lines.push(`${percent(dead, counted.length)}  ${dead}/${counted.length}  ${file}`);
    for (const mutant of counted)
      if (!KILLED.has(mutant.status))
        survivors.push(`${file}:${lineOf(mutant)}${noteOf(file, mutant)}`);
  }
  const text = [
    ...lines,
    "",
    "survivors:",
    ...survivors,
    "",
    `${percent(killed, mutants)} of ${mutants} mutants killed`,
  ].join("\n");
  return { killed, mutants, survivors, text };
}

/** Whether enough were killed. */
export const isDone = ({ killed, mutants }: Summary): boolean =>
  mutants > 0 && killed >= LEAST * mutants;

const lineOf = ({ location, mutatorName, replacement, status }: Mutant): string =>
  `${location.start.line}:${location.start.column} ${mutatorName} ${status}: ${(replacement ?? "").replaceAll(/\s+/g, " ").slice(0, 80)}`;

const noteOf = (file: string, { replacement }: Mutant): string => {
  const why = whyEquivalent(file, replacement ?? "");
  return why === null ? "" : ` (equivalent: ${why})`;
};

const percent = (part: number, whole: number): string =>
  `${(whole === 0 ? 100 : (part / whole) * 100).toFixed(1)} %`.padStart(7);
