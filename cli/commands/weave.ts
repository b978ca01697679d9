// Owns `heddle weave`: options in, what was woven out; notes go to stderr.
import path from "node:path";
import { CliError, EXIT, type ExitCode } from "../exit.ts";
import { versionTagSchema } from "../../mesh/contract/resources/mesh.ts";
import type { Io } from "../io.ts";
import { complain } from "../output/complain.ts";
import { print, type Form } from "../output/print.ts";
import { weaveProject } from "../weave/weave-project.ts";

export interface WeaveCommandOptions {
  readonly project: string;
  readonly env?: string;
  readonly tag?: string;
  readonly output: Form;
}

/** A tag that a version can be revoked by; throws for another. */
function versionTag(tag: string): string {
  if (versionTagSchema.safeParse(tag).success) return tag;
  throw new CliError(EXIT.usage, {
    message: `"${tag}" is no version tag`,
    mend: "Write 1 to 100 letters, digits, dots, dashes and underscores.",
  });
}

/** Weaves the Workers of a project, or the ones named. */
export async function weave(
  io: Io,
  workers: readonly string[],
  { project, env, tag, output }: WeaveCommandOptions,
): Promise<ExitCode> {
  const report = await weaveProject({
    from: path.resolve(io.cwd, project),
    ...(env === undefined ? {} : { env }),
    ...(tag === undefined ? {} : { tag: versionTag(tag) }),
    workers,
    cwd: io.cwd,
    environment: io.env,
  });
  for (const message of report.notes) complain(io, { message }, "note");
  for (const { workload, notes } of report.workers) {
    for (const message of notes) complain(io, { message, where: workload }, "note");
  }
  await print(io, output, {
    data: report,
    rows: [
      ["WORKER", "JOIN", "WRANGLER FILE"],
      ...report.workers.map(({ workload, join, configPath }) => [
        workload,
        join,
        path.relative(io.cwd, configPath),
      ]),
    ],
    names: report.workers.map(({ workload }) => workload),
  });
  return EXIT.ok;
}
