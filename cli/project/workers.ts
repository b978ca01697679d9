// Owns which Workers a project has: each entry of mesh.yaml with its wrangler file, name and place in the mesh.
import path from "node:path";
import { DEFAULT_NAMESPACE, labelNameSchema } from "../../mesh/contract/resources/meta.ts";
import { SYSTEM_NAMESPACE } from "../../mesh/contract/wiring.ts";
import type { Join, WorkerEntry } from "./mesh-file.ts";
import { displayPath, faultAt, ProjectError, type ProjectFault } from "./project-error.ts";
import { findWranglerFile, readWranglerConfig, type WranglerConfig } from "./wrangler-config.ts";

/** One Worker of a project. */
export interface ProjectWorker {
  /** `namespace/name`. */
  readonly workload: string;
  readonly namespace: string;
  readonly name: string;
  /** The name it is deployed under. */
  readonly script: string;
  /** Absolute path of its wrangler file. */
  readonly configPath: string;
  readonly config: WranglerConfig;
  readonly labels: Readonly<Record<string, string>>;
  readonly join: Join;
  /** Version tag, by which this version of it can be revoked. */
  readonly tag?: string;
  readonly env?: string;
  /** `file:line:column` of its entry in mesh.yaml. */
  readonly where: string;
}

/** Reads the wrangler file of every entry; `env` replaces the one an entry names. */
export async function resolveWorkers(
  dir: string,
  entries: readonly WorkerEntry[],
  env: string | undefined,
): Promise<readonly ProjectWorker[]> {
  const workers: ProjectWorker[] = [];
  const faults: ProjectFault[] = [];
  for (const entry of entries) {
    const found = await resolveWorker(dir, entry, env ?? entry.env);
    if ("message" in found) faults.push(found);
    else workers.push(found);
  }
  faults.push(...duplicates(workers));
  if (faults.length > 0) throw new ProjectError(faults);
  return workers;
}

async function resolveWorker(
  dir: string,
  entry: WorkerEntry,
  env: string | undefined,
): Promise<ProjectWorker | ProjectFault> {
  const configPath = findWranglerFile(path.resolve(dir, entry.path));
  if (configPath === undefined) {
    return faultAt(
      entry.where,
      `there is no wrangler.json, wrangler.jsonc or wrangler.toml at ${entry.path}`,
      "A Worker is the folder of a wrangler file, or that file.",
    );
  }
  let config: WranglerConfig;
  try {
    config = await readWranglerConfig(configPath, env);
  } catch (error) {
    return fromWrangler(configPath, error);
  }
  return place(entry, env, configPath, config);
}

function place(
  entry: WorkerEntry,
  env: string | undefined,
  configPath: string,
  config: WranglerConfig,
): ProjectWorker | ProjectFault {
  const name = entry.name ?? config.topLevelName ?? config.name;
  const namespace = entry.namespace ?? DEFAULT_NAMESPACE;
  if (name === undefined) {
    return faultAt(
      entry.where,
      `${displayPath(configPath)} has no name`,
      "Add `name` there, or write { path, name } here.",
    );
  }
  if (!labelNameSchema.safeParse(name).success) {
    return faultAt(
      entry.where,
      `"${name}" cannot be the name of a service: it is not a DNS label`,
      `Write { path: ${entry.path}, name: … } with lower-case letters, digits and "-".`,
    );
  }
  if (namespace === SYSTEM_NAMESPACE) {
    return faultAt(
      entry.where,
      `the namespace "${SYSTEM_NAMESPACE}" is the mesh's own`,
      "Choose another one.",
    );
  }
  return {
    workload: `${namespace}/${name}`,
    namespace,
    name,
    script: scriptOf(config, name, namespace, env),
    configPath,
    config,
    labels: entry.labels ?? {},
    join: entry.join ?? "woven",
    ...(entry.tag === undefined ? {} : { tag: entry.tag }),
    ...(env === undefined ? {} : { env }),
    where: entry.where,
  };
}

/** The wrangler file's own name, unless mesh.yaml makes another service of the same script. */
function scriptOf(
  config: WranglerConfig,
  name: string,
  namespace: string,
  env: string | undefined,
): string {
  if (name === config.topLevelName || name === config.name) return config.name ?? name;
  const prefix = namespace === DEFAULT_NAMESPACE ? "" : `${namespace}-`;
  return `${prefix}${name}${env ? `-${env}` : ""}`;
}

function duplicates(workers: readonly ProjectWorker[]): readonly ProjectFault[] {
  const first = new Map<string, ProjectWorker>();
  const faults: ProjectFault[] = [];
  for (const worker of workers) {
    const twin = first.get(worker.workload);
    if (twin === undefined) {
      first.set(worker.workload, worker);
      continue;
    }
    faults.push(
      faultAt(
        worker.where,
        `a second Worker is called ${worker.workload}; the first is at ${twin.where}`,
        "Give one of them a `name` or `namespace` of its own.",
      ),
    );
  }
  return faults;
}

/** Wrangler's complaint about a file, with the line where it tells one. */
function fromWrangler(configPath: string, error: unknown): ProjectFault {
  const shown = displayPath(configPath);
  if (!(error instanceof Error)) return { message: String(error), file: shown };
  const { line, column } =
    (error as { location?: { line?: number; column?: number } }).location ?? {};
  const text = error.message
    .replace(/^Processing .*? configuration:\s*-\s*/s, "")
    .split("\n", 1)
    .join("")
    .trim();
  return {
    message: text,
    file: shown,
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column: column + 1 }),
    mend: "This is wrangler's complaint about the Worker's own file.",
  };
}
