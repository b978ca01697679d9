// Owns `heddle weave`: options in, paths of what was woven out.
import path from "node:path";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Io } from "../io.ts";
import { complain } from "../output/complain.ts";
import { print, type Form } from "../output/print.ts";
import { displayPath } from "../project/project-error.ts";
import { weaveProject } from "../weave/weave-project.ts";

export interface WeaveCommandOptions {
  readonly project: string;
  readonly env?: string;
  readonly output: Form;
}

/** Weaves the Workers of a project, or the ones named. */
export async function weave(
  io: Io,
  workers: readonly string[],
  options: WeaveCommandOptions,
): Promise<ExitCode> {
  const env = options.env ?? io.env["CLOUDFLARE_ENV"];
  const report = await weaveProject({
    from: path.resolve(io.cwd, options.project),
    ...(env === undefined || env === "" ? {} : { env }),
    workers,
    cwd: io.cwd,
    environment: io.env,
  });
  for (const worker of report.workers) {
    for (const message of worker.notes) {
      complain(io, { message, where: worker.workload }, "warning");
    }
  }
  for (const message of report.notes) complain(io, { message }, "warning");
  await print(io, options.output, {
    data: report,
    rows: [
      ["WORKER", "JOIN", "WRANGLER FILE"],
      ...report.workers.map(({ workload, join, configPath }) => [
        workload,
        join,
        displayPath(configPath),
      ]),
    ],
    names: report.workers.map(({ workload }) => workload),
  });
  return EXIT.ok;
}
