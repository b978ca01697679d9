// Owns how a project that cannot be used says so: one complaint per thing that is wrong.
import path from "node:path";
import process from "node:process";
import type { Complaint } from "../exit.ts";

/** One thing wrong with a project; `file` is as `displayPath` shows it. */
export interface ProjectFault {
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** What to do about it. */
  readonly mend?: string;
}

/** A project that cannot be loaded; the first fault's parts are its own, `faults` has all. */
export class ProjectError extends Error {
  readonly faults: readonly ProjectFault[];
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly mend: string | undefined;

  constructor(faults: ProjectFault | readonly ProjectFault[], cause?: unknown) {
    const list = Array.isArray(faults)
      ? (faults as readonly ProjectFault[])
      : [faults as ProjectFault];
    super(list.map((fault) => fault.message).join("; "), { cause });
    this.name = "ProjectError";
    this.faults = list;
    this.file = list[0]?.file;
    this.line = list[0]?.line;
    this.column = list[0]?.column;
    this.mend = list[0]?.mend;
  }

  /** The faults as the CLI prints them. */
  get complaints(): readonly Complaint[] {
    return this.faults.map(({ message, file, line, column, mend }) => ({
      message,
      where: file === undefined ? undefined : [file, line, column].filter((it) => it).join(":"),
      mend,
    }));
  }
}

/** A fault at a `file:line:column` as the document reader writes it. */
export function faultAt(where: string, message: string, mend?: string): ProjectFault {
  const found = /^(.*?)(?::(\d+))?(?::(\d+))?$/.exec(where);
  const [, file = where, line, column] = found ?? [];
  return {
    message,
    file,
    ...(line ? { line: Number(line) } : {}),
    ...(column ? { column: Number(column) } : {}),
    ...(mend ? { mend } : {}),
  };
}

/** A path as messages show it: relative to the folder of the process where that is shorter. */
export function displayPath(absolute: string): string {
  const relative = path.relative(process.cwd(), absolute);
  return relative !== "" && relative.length < absolute.length ? relative : absolute;
}
