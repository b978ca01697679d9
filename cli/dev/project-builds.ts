// Owns building all Workers of a project: what each exports, and every complaint when some cannot be built or woven.
import path from "node:path";
import { CliError, EXIT, type Complaint } from "../exit.ts";
import { complaintsOf } from "../output/complain.ts";
import type { Project } from "../project/load.ts";
import type { ProjectWorker } from "../project/workers.ts";
import { DEFAULT_ONLY, readExports, type WorkerExports } from "../weave/exports.ts";
import { refuseQueues } from "../weave/queues.ts";
import { hasModules, refuseByBuild, refuseByConfig } from "../weave/weavable.ts";
import { buildWorker, type BuiltWorker } from "./build.ts";

/** The builds of a project, by workload; a Worker without a script has none. */
export interface ProjectBuilds {
  readonly built: ReadonlyMap<string, BuiltWorker>;
  readonly exports: ReadonlyMap<string, WorkerExports>;
}

/** Builds what changed; throws with the complaints of all Workers that cannot be. */
export async function buildProject(project: Project, dir: string): Promise<ProjectBuilds> {
  const built = new Map<string, BuiltWorker>();
  const exports = new Map<string, WorkerExports>();
  const complaints: Complaint[] = [];
  await Promise.all(
    project.workers.map(async (worker) => {
      try {
        refuseByConfig(worker);
        refuseQueues(worker, project);
        if (!hasModules(worker)) return;
        const build = await buildOne(worker, dir);
        built.set(worker.workload, build.built);
        exports.set(worker.workload, build.exports);
      } catch (error) {
        const known = complaintsOf(error);
        if (!known) throw error;
        complaints.push(...known);
      }
    }),
  );
  if (complaints.length > 0) throw new CliError(EXIT.failed, complaints);
  return { built, exports };
}

async function buildOne(
  worker: ProjectWorker,
  dir: string,
): Promise<{ built: BuiltWorker; exports: WorkerExports }> {
  const built = await buildWorker(worker.configPath, {
    env: worker.env,
    outDir: path.join(dir, worker.workload.replace("/", ".")),
  });
  const exported = await readExports(built);
  refuseByBuild(worker, exported, built.modules);
  return { built, exports: exported.names.length > 0 ? exported : DEFAULT_ONLY };
}
