// Owns `heddle import`: another mesh's resources in, ours out; what has no counterpart is named on stderr.
import { EXIT, type ExitCode } from "../exit.ts";
import { translateIstio } from "../import/istio/translate.ts";
import type { Io } from "../io.ts";
import { complain } from "../output/complain.ts";
import { readDocuments } from "./documents.ts";

export interface ImportOptions {
  readonly filename: readonly string[];
  readonly port: number;
  readonly faultsFor: number;
  readonly output: "yaml" | "json";
}

const HOUR_MS = 3_600_000;

/** Prints the resources that stand for those of the files; a resource that cannot be said at all is an error. */
export async function importResources(io: Io, options: ImportOptions): Promise<ExitCode> {
  const documents = await readDocuments(io, options.filename);
  const expires = new Date(Date.now() + options.faultsFor * HOUR_MS).toISOString();
  const { items, remarks } = translateIstio(documents, { port: options.port, expires });
  for (const { level, where, resource, field, message } of remarks)
    complain(io, { where, message: `${resource}${field ? ` ${field}` : ""}: ${message}` }, level);
  if (options.output === "json") {
    io.out(`${JSON.stringify({ apiVersion: "v1", kind: "List", items, remarks }, null, 2)}\n`);
  } else {
    const { stringify } = await import("yaml");
    io.out(items.map((item) => stringify(item)).join("---\n"));
  }
  return remarks.some(({ level }) => level === "error") ? EXIT.failed : EXIT.ok;
}
