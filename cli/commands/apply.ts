// Owns `heddle apply`.
import { applyDocuments } from "../api.ts";
import { ControlError, type Violation } from "../client.ts";
import { CliError, EXIT, type ExitCode } from "../exit.ts";
import type { Io } from "../io.ts";
import { print, type Form } from "../output/print.ts";
import { readDocuments, type Segment, type SourceDocument } from "./documents.ts";
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
  await print(io, options.output, verdictLines(answer.results, answer, isDryRun));
  if (options.wait && !isDryRun && answer.version !== null) {
    await waitUntilInUse(io, target, answer.version);
  }
  return EXIT.ok;
}

/** The same error with file and line in the place of the API's path. */
export function located(error: unknown, documents: readonly SourceDocument[]): unknown {
  if (!(error instanceof ControlError) || error.problem.errors.length === 0) return error;
  return new CliError(
    error.exit,
    error.problem.errors.map((violation) => ({
      message: violation.message,
      where: placeOf(violation, documents),
      mend: violation.mend,
    })),
    error,
  );
}

function placeOf({ path }: Violation, documents: readonly SourceDocument[]): string | undefined {
  const [root, index, ...rest] = segmentsOf(path);
  const document = root === "documents" ? documents[Number(index)] : undefined;
  return document ? document.where(rest) : path || undefined;
}

/** `documents[2].spec.rules[0]["a.b"]` as its parts. */
export function segmentsOf(path: string): readonly Segment[] {
  return [...path.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)].map(
    ([, index, quoted, word]) => {
      if (index !== undefined) return Number(index);
      return quoted === undefined ? (word ?? "") : (JSON.parse(`"${quoted}"`) as string);
    },
  );
}
