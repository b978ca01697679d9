// Owns what is told of a mutation run: the share that was killed, by file, and every survivor.
import { whyEquivalent } from "./equivalent.ts";

/** Share of the mutants that must be killed. */
const LEAST = 0.9;

/** As much of Stryker's report as is read. */
export interface Report {
  readonly files: Readonly<Record<string, MutatedFile>>;
}

interface MutatedFile {
  readonly source: string;
  readonly mutants: readonly Mutant[];
}

/** Both from 1. */
interface Place {
  readonly line: number;
  readonly column: number;
}

interface Mutant {
  readonly status: string;
  readonly mutatorName: string;
  readonly replacement?: string;
  /** Of a time-out: that it passed a bound of its own rounds; without it, that the time was up. */
  readonly statusReason?: string;
  readonly location: { readonly start: Place; readonly end: Place };
}

export interface Summary {
  readonly killed: number;
  readonly mutants: number;
  readonly survivors: readonly string[];
  /** Killed for want of time alone: what never ends, or on a machine that has too much to do anything at all. */
  readonly late: readonly string[];
  readonly text: string;
}

const KILLED: ReadonlySet<string> = new Set(["Killed", "Timeout"]);
/** What could not run at all is no mutant. */
const COUNTED: ReadonlySet<string> = new Set([...KILLED, "Survived", "NoCoverage"]);

export function summaryOf({ files }: Report): Summary {
  const lines: string[] = [];
  const survivors: string[] = [];
  const late: string[] = [];
  let killed = 0;
  let mutants = 0;
  for (const [file, found] of Object.entries(files).toSorted(([a], [b]) => a.localeCompare(b))) {
    const counted = found.mutants.filter(({ status }) => COUNTED.has(status));
    const dead = counted.filter(({ status }) => KILLED.has(status)).length;
    killed += dead;
    mutants += counted.length;
    lines.push(`${percent(dead, counted.length)}  ${dead}/${counted.length}  ${file}`);
    for (const mutant of counted) {
      if (!KILLED.has(mutant.status)) survivors.push(mutantOf(file, found.source, mutant));
      else if (isLate(mutant)) late.push(mutantOf(file, found.source, mutant));
    }
  }
  const text = [
    ...lines,
    "",
    "killed by the time that was up:",
    ...late,
    "",
    "survivors:",
    ...survivors,
    "",
    `${percent(killed, mutants)} of ${mutants} mutants killed`,
  ].join("\n");
  return { killed, mutants, survivors, late, text };
}

/** Whether enough were killed. */
export const isDone = ({ killed, mutants }: Summary): boolean =>
  mutants > 0 && killed >= LEAST * mutants;

const isLate = ({ status, statusReason }: Mutant): boolean =>
  status === "Timeout" && statusReason === undefined;

/** Where it is, what it changes into what, and why nothing can tell where that is known. */
const mutantOf = (file: string, source: string, mutant: Mutant): string => {
  const { location, mutatorName, replacement = "", status } = mutant;
  const original = textAt(source, location);
  const why = whyEquivalent(file, original, replacement);
  const note = why === null ? "" : ` (equivalent: ${why})`;
  const { line, column } = location.start;
  return `${file}:${line}:${column} ${mutatorName} ${status}: ${brief(original)} → ${brief(replacement)}${note}`;
};

const textAt = (source: string, { start, end }: Mutant["location"]): string => {
  const lines = source.split("\n").slice(start.line - 1, end.line);
  const last = lines.length - 1;
  return lines
    .map((line, at) =>
      line.slice(at === 0 ? start.column - 1 : 0, at === last ? end.column - 1 : undefined),
    )
    .join("\n");
};

const brief = (code: string): string => code.replaceAll(/\s+/g, " ").slice(0, 80);

const percent = (part: number, whole: number): string =>
  `${(whole === 0 ? 100 : (part / whole) * 100).toFixed(1)} %`.padStart(7);
