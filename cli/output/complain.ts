// Owns how errors look on stderr: one line for what and where, one for what to do next.
import { CliError, EXIT, type Complaint, type ExitCode } from "../exit.ts";
import type { Io } from "../io.ts";

type Sink = Pick<Io, "err" | "hasColor">;

/** How much it matters. */
export type Level = "error" | "warning" | "note";

const COLORS: Readonly<Record<Level, number>> = { error: 31, warning: 33, note: 36 };

/** Prints one complaint: `error: file:line:column: message`, then the mend. */
export function complain(io: Sink, complaint: Complaint, level: Level = "error"): void {
  io.err(`${complaintLines(complaint, level, io.hasColor).join("\n")}\n`);
}

/** A complaint as lines. */
export function complaintLines(
  { where, message, mend }: Complaint,
  level: Level,
  hasColor = false,
): readonly string[] {
  const head = hasColor ? `\u001B[${COLORS[level]}m${level}:\u001B[0m` : `${level}:`;
  const first = `${head} ${where ? `${where}: ` : ""}${message}`;
  return mend ? [first, `  ${mend}`] : [first];
}

/** Prints whatever a command threw and says how the process ends. */
export function report(io: Sink, thrown: unknown): ExitCode {
  const known = complaintsOf(thrown);
  if (known) {
    for (const complaint of known) complain(io, complaint);
    return thrown instanceof CliError ? thrown.exit : EXIT.failed;
  }
  complain(io, {
    message: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
    mend: "This is a bug of heddle; please report it with the lines above.",
  });
  return EXIT.failed;
}

/** The complaints of an error that carries some, whichever part of the CLI threw it. */
export function complaintsOf(thrown: unknown): readonly Complaint[] | undefined {
  if (!(thrown instanceof Error) || !("complaints" in thrown)) return undefined;
  const { complaints } = thrown;
  return Array.isArray(complaints) ? (complaints as readonly Complaint[]) : undefined;
}
