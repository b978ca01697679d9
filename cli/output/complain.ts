// Owns how errors look on stderr: one line for what and where, one for what to do next.
import { CliError, EXIT, type Complaint, type ExitCode } from "../exit.ts";
import type { Io } from "../io.ts";

type Sink = Pick<Io, "err" | "hasColor">;

/** Prints one complaint: `error: file:line:column: message`, then the mend. */
export function complain(io: Sink, complaint: Complaint, level: "error" | "warning" = "error"): void {
  const colors = level === "error" ? "31" : "33";
  const head = io.hasColor ? `\u001B[${colors}m${level}:\u001B[0m` : `${level}:`;
  const where = complaint.where ? `${complaint.where}: ` : "";
  io.err(`${head} ${where}${complaint.message}\n`);
  if (complaint.mend) io.err(`  ${complaint.mend}\n`);
}

/** Prints whatever a command threw and says how the process ends. */
export function report(io: Sink, thrown: unknown): ExitCode {
  if (thrown instanceof CliError) {
    for (const complaint of thrown.complaints) complain(io, complaint);
    return thrown.exit;
  }
  const known = complaintsOf(thrown);
  if (known) {
    for (const complaint of known) complain(io, complaint);
    return EXIT.failed;
  }
  complain(io, {
    message: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown),
    mend: "This is a bug of heddle; please report it with the lines above.",
  });
  return EXIT.failed;
}

/** Complaints of an error that another part of the CLI threw with a list of its own. */
function complaintsOf(thrown: unknown): readonly Complaint[] | undefined {
  if (!(thrown instanceof Error) || !("complaints" in thrown)) return undefined;
  const { complaints } = thrown;
  return Array.isArray(complaints) ? (complaints as readonly Complaint[]) : undefined;
}
