// Owns `heddle delete`.
import { deleteRefs } from "../api.ts";
import type { Ref } from "../../mesh/contract/api.ts";
import { CliError, EXIT, type ExitCode } from "../exit.ts";
import type { Io } from "../io.ts";
import { complain } from "../output/complain.ts";
import { print, type Form } from "../output/print.ts";
import { readDocuments, type SourceDocument } from "./documents.ts";
import { kindNamed } from "./kinds.ts";
import { findControl } from "./target.ts";
import { nameOf, verdictLines } from "./verdicts.ts";
import { waitUntilInUse } from "./wait.ts";

export interface DeleteOptions {
  readonly filename?: readonly string[];
  readonly namespace: string;
  readonly wait?: boolean;
  readonly output: Form;
}

/** Removes the resources of files, or one by kind and name; one that is not there is an error by name only. */
export async function remove(
  io: Io,
  [word, name]: readonly string[],
  options: DeleteOptions,
): Promise<ExitCode> {
  const isByFile = options.filename !== undefined;
  if (isByFile === (word !== undefined) || (!isByFile && name === undefined)) {
    throw new CliError(EXIT.usage, {
      message: "delete takes either -f, or a kind and a name",
      mend: "heddle delete -f routes.yaml, or heddle delete route reviews",
    });
  }
  const refs = isByFile
    ? (await readDocuments(io, options.filename)).map(refOf)
    : [refNamed(word ?? "", name ?? "", options.namespace)];
  const target = findControl(io);
  const answer = await deleteRefs(target, refs);
  const absent = answer.results.find(({ verdict }) => verdict === "absent");
  if (absent && !isByFile) {
    throw new CliError(EXIT.failed, { message: `there is no ${nameOf(absent)}` });
  }
  for (const message of answer.warnings) complain(io, { message }, "warning");
  await print(io, options.output, verdictLines(answer.results, answer, false));
  if (options.wait && answer.version !== null) await waitUntilInUse(io, target, answer.version);
  return EXIT.ok;
}

function refNamed(word: string, name: string, namespace: string): Ref {
  const { kind, namespaced } = kindNamed(word);
  return { kind, name, ...(namespaced ? { namespace } : {}) };
}

function refOf({ value, where }: SourceDocument): Ref {
  const { kind, metadata } = (value ?? {}) as {
    kind?: unknown;
    metadata?: { name?: unknown; namespace?: unknown };
  };
  const name = metadata?.name;
  if (typeof kind !== "string" || typeof name !== "string") {
    throw new CliError(EXIT.failed, {
      message: "a resource to delete needs kind and metadata.name",
      where: where([]),
    });
  }
  const namespace = typeof metadata?.namespace === "string" ? metadata.namespace : "default";
  return refNamed(kind, name, namespace);
}
