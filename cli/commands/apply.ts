// Owns `heddle apply`.
import { applyDocuments } from "../api.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Io } from "../io.ts";
import { complain } from "../output/complain.ts";
import { print, type Form } from "../output/print.ts";
import { readDocuments } from "./documents.ts";
import { located, locateWarning } from "./placement.ts";
import { findControl } from "./target.ts";
import { verdictLines } from "./verdicts.ts";
import { waitUntilInUse } from "./wait.ts";

export interface ApplyOptions {
  readonly filename: readonly string[];
  readonly wait?: boolean;
  readonly dryRun?: boolean;
  readonly output: Form;
}

/** Creates or changes the resources of files, all or none. */
export async function apply(io: Io, options: ApplyOptions): Promise<ExitCode> {
  const target = findControl(io);
  const documents = await readDocuments(io, options.filename);
  const isDryRun = options.dryRun ?? false;
  const answer = await applyDocuments(
    target,
    documents.map(({ value }) => value),
    isDryRun,
  ).catch((error: unknown) => {
    throw located(error, documents);
  });
  for (const warning of answer.warnings) complain(io, locateWarning(warning, documents), "warning");
  await print(io, options.output, verdictLines(answer.results, answer, isDryRun));
  if (options.wait && !isDryRun && answer.version !== null) {
    await waitUntilInUse(io, target, answer.version);
  }
  return EXIT.ok;
}
