// Owns `heddle types`: the RPC methods of every Worker of the project, as TypeScript or JSON.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Io } from "../io.ts";
import { complain } from "../output/complain.ts";
import { findProject, loadProject } from "../project/load.ts";
import { methodsOf } from "../types/methods.ts";

export interface TypesOptions {
  readonly project: string;
  readonly out?: string;
  readonly output: "ts" | "json";
}

type Listed = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** Prints the methods by Worker and entrypoint, or writes them to a file. */
export async function types(io: Io, options: TypesOptions): Promise<ExitCode> {
  const dir = path.resolve(io.cwd, options.project);
  const { workers } = await loadProject(findProject(dir) ?? dir);
  const listed: Record<string, Record<string, readonly string[]>> = {};
  for (const { workload, config } of workers) {
    const methods = config.main === undefined ? null : await methodsOf(config.main);
    if (methods === null) {
      complain(
        io,
        { where: workload, message: "cannot be read: its methods are not listed" },
        "warning",
      );
      continue;
    }
    listed[workload] = Object.fromEntries(
      [...methods].map(([name, own]) => [name, [...own].toSorted()]),
    );
  }
  const text = options.output === "json" ? `${JSON.stringify(listed, null, 2)}\n` : toTypes(listed);
  if (options.out === undefined) io.out(text);
  else writeFileSync(path.resolve(io.cwd, options.out), text);
  return EXIT.ok;
}

function toTypes(listed: Listed): string {
  const lines = Object.entries(listed).flatMap(([workload, entrypoints]) => [
    `  ${JSON.stringify(workload)}: {`,
    ...Object.entries(entrypoints).map(
      ([name, methods]) =>
        `    ${name}: ${methods.map((method) => JSON.stringify(method)).join(" | ") || "never"};`,
    ),
    "  };",
  ]);
  return [
    "// Written by `heddle types`: the RPC methods of every Worker, by `namespace/name` and entrypoint.",
    "export interface RpcMethods {",
    ...lines,
    "}",
    "",
  ].join("\n");
}
