// Owns how a command ends: the exit codes scripts rely on, and the one error class commands throw.

/** Exit codes of every command. */
export const EXIT = {
  ok: 0,
  /** The API or the runtime failed, or a document is wrong. */
  failed: 1,
  usage: 2,
  /** The question was answered, and the answer is no. */
  unmet: 3,
  timeout: 4,
  unreachable: 5,
  conflict: 6,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** One thing that is wrong: what, where, and what to do about it. */
export interface Complaint {
  readonly message: string;
  /** `file:line:column`, as far as it is known. */
  readonly where?: string | undefined;
  /** The next step, as a sentence or a command. */
  readonly mend?: string | undefined;
}

/** Ends a command with an exit code after its complaints were printed to stderr. */
export class CliError extends Error {
  readonly exit: ExitCode;
  readonly complaints: readonly Complaint[];

  constructor(exit: ExitCode, complaints: Complaint | readonly Complaint[], cause?: unknown) {
    const list = Array.isArray(complaints)
      ? (complaints as readonly Complaint[])
      : [complaints as Complaint];
    super(list.map((complaint) => complaint.message).join("; "), { cause });
    this.name = "CliError";
    this.exit = exit;
    this.complaints = list;
  }
}
