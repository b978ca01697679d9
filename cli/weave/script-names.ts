// Owns the names Workers are deployed under: the project's own, and those of the mesh's Workers.
import type { Project } from "../project/load.ts";
import { SYSTEM } from "./system.ts";

/** Names in the wrangler files of the mesh's own Workers. */
export const SYSTEM_SCRIPTS: Readonly<Record<string, string>> = {
  [SYSTEM.control]: "heddle-control",
  [SYSTEM.objects]: "heddle-objects",
  [SYSTEM.relay]: "heddle-relay",
  [SYSTEM.gateway]: "heddle-gateway",
};

/** The name each workload is deployed under; an unknown one keeps its own. */
export function scriptNames({ workers }: Pick<Project, "workers">): (workload: string) => string {
  const scripts = new Map(workers.map(({ workload, script }) => [workload, script]));
  return (workload) =>
    SYSTEM_SCRIPTS[workload] ?? scripts.get(workload) ?? workload.replace("/", "-");
}
