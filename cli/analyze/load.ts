// Owns where the commands that look at files get them: a project with its Workers, files named, or both.
import { readFileSync } from "node:fs";
import path from "node:path";
import type { StoredResource } from "../../mesh/contract/state.ts";
import { parseDocuments, readDocuments, type SourceDocument } from "../commands/documents.ts";
import type { Io } from "../io.ts";
import { findProject, loadProject, type Project } from "../project/load.ts";
import { MESH_FILE } from "../project/mesh-file.ts";
import { displayPath, ProjectError } from "../project/project-error.ts";
import type { ProjectWorker } from "../project/workers.ts";
import { methodsOf } from "../types/methods.ts";
import { sortBindings } from "../weave/dial.ts";
import { analyze } from "./analyze.ts";
import { type AnalyzedWorker, type AnalyzeInput, type Finding, toFinding } from "./scene.ts";

export interface SourceOptions {
  readonly filename?: readonly string[];
  readonly project: string;
}

/** Files named lie over the project's own of the same kind and name; without a project there are no Workers. */
export async function loadInput(
  io: Pick<Io, "cwd" | "stdin">,
  { filename, project }: SourceOptions,
  stored: readonly StoredResource[] = [],
): Promise<Omit<AnalyzeInput, "nowMs">> {
  const dir = findProject(path.resolve(io.cwd, project));
  const named = filename === undefined ? [] : await readDocuments(io, filename);
  if (dir === undefined && filename !== undefined) return { documents: named, workers: [], stored };
  const loaded = await loadProject(dir ?? path.resolve(io.cwd, project));
  const own = [meshDocument(loaded.dir), ...loaded.resources].filter(
    ({ value }) => !named.some((other) => idOf(other.value) === idOf(value)),
  );
  const documents = [...own, ...named];
  const isRpc = documents.some(
    ({ value }) => (value as { kind?: unknown } | null)?.kind === "RPCRoute",
  );
  const workers = workersOf(loaded);
  return { documents, workers: isRpc ? await withMethods(workers, loaded) : workers, stored };
}

function meshDocument(dir: string): SourceDocument {
  const file = path.join(dir, MESH_FILE);
  const [document] = parseDocuments(displayPath(file), readFileSync(file, "utf8")).documents;
  return document ?? { value: null, where: () => displayPath(file) };
}

function idOf(value: unknown): string {
  const { kind, metadata } = (value ?? {}) as {
    kind?: string;
    metadata?: { name?: string; namespace?: string };
  };
  return `${kind} ${metadata?.namespace ?? "default"}/${metadata?.name}`;
}

/** The Workers of a project with what their bindings dial. */
function workersOf({ workers }: Project): readonly AnalyzedWorker[] {
  const names = {
    services: new Set(workers.map(({ workload }) => workload)),
    scripts: new Map(workers.map(({ script, workload }) => [script, workload])),
    isOpen: true,
  };
  return workers.map((worker) => {
    const { dials } = sortBindings(worker.config.services ?? [], worker.namespace, names);
    const byService = new Map(dials.map(({ binding, dialled }) => [dialled.service, binding]));
    return {
      workload: worker.workload,
      labels: worker.labels,
      dials: [...byService.keys()].filter((service) => service !== ""),
      whereDials: (service) => placeOf(worker, byService.get(service) ?? ""),
    };
  });
}

/** Bundling takes a while: only where a route asks for methods. */
const withMethods = (
  workers: readonly AnalyzedWorker[],
  project: Project,
): Promise<readonly AnalyzedWorker[]> =>
  Promise.all(
    workers.map(async (worker, index) => {
      const main = project.workers[index]?.config.main;
      const methods = main === undefined ? null : await methodsOf(main);
      return methods === null ? worker : { ...worker, methods };
    }),
  );

/** The line of the wrangler file that names a binding. */
function placeOf({ configPath }: ProjectWorker, binding: string): string {
  const lines = readFileSync(configPath, "utf8").split("\n");
  const at = lines.findIndex(
    (line) => line.includes(`"${binding}"`) || line.includes(`'${binding}'`),
  );
  return `${displayPath(configPath)}:${at + 1}:1`;
}

/** A project that cannot be loaded, as findings: its files say twice what they may say once, or cannot be read. */
const findingsOf = ({ faults }: ProjectError): readonly Finding[] =>
  faults.map(({ message, file, line, column, mend }) => {
    const where = [file ?? MESH_FILE, line ?? 1, column ?? 1].join(":");
    const code = message.startsWith("a second ") ? "HDL002" : "HDL001";
    const finding = toFinding(code, "project", where, message);
    return mend === undefined ? finding : { ...finding, mend };
  });

/** Everything wrong with a project or files. */
export async function findMistakes(
  io: Pick<Io, "cwd" | "stdin">,
  options: SourceOptions,
  stored: readonly StoredResource[],
  nowMs: number,
): Promise<readonly Finding[]> {
  try {
    return analyze({ ...(await loadInput(io, options, stored)), nowMs });
  } catch (error) {
    if (error instanceof ProjectError) return findingsOf(error);
    throw error;
  }
}
