// Owns which of a Worker's queues carry the context: `spec.queues` of the Mesh names them, and nobody else changes.
import { displayPath } from "../project/project-error.ts";
import type { Project } from "../project/load.ts";
import type { ProjectWorker } from "../project/workers.ts";
import type { QueuesConfig, WranglerConfig } from "../project/wrangler-config.ts";
import { WeaveError } from "./refusal.ts";

/** Bindings by which a Worker sends to queues that carry the context; undefined where it has nothing to do with queues. */
export function carryingQueues(
  { config }: Pick<ProjectWorker, "config">,
  { mesh }: Pick<Project, "mesh">,
): readonly string[] | undefined {
  const { producers = [], consumers = [] } = queuesOf(config);
  const carrying = new Set(mesh.spec.queues);
  const bindings = producers
    .filter(({ queue = "" }) => carrying.has(queue))
    .map(({ binding }) => binding);
  // A consumer opens what it gets, whoever sent it: messages outlive what a mesh says of their queue.
  return bindings.length > 0 || consumers.length > 0 ? bindings : undefined;
}

/** Throws where a Worker would get messages with the context around them, and nothing in it would take that off. */
export function refuseQueues(worker: ProjectWorker, { mesh, workers }: Project): void {
  const all = workers.flatMap(({ config }) => queuesOf(config).consumers ?? []);
  const carrying = new Set(mesh.spec.queues);
  for (const { queue, dead_letter_queue: dead } of all)
    if (dead !== undefined && carrying.has(queue)) carrying.add(dead);
  const shown = (queuesOf(worker.config).consumers ?? []).find(
    ({ queue }) => carrying.has(queue) && worker.join === "relay",
  );
  if (shown === undefined) return;
  const { workload, configPath } = worker;
  throw new WeaveError(
    "HEDDLE-W010",
    workload,
    displayPath(configPath),
    `the queue ${shown.queue}`,
  );
}

const queuesOf = ({ queues = {} }: WranglerConfig): QueuesConfig => queues;
