// Owns what a project is to the rest of the CLI: mesh.yaml, its Workers and its resources, read and checked as one.
import { existsSync } from "node:fs";
import path from "node:path";
import type { MeshSpec } from "../../mesh/contract/resources/mesh.ts";
import { MESH_FILE, readMeshFile } from "./mesh-file.ts";
import { loadResources, type SourcedDocument } from "./resources.ts";
import { resolveWorkers, type ProjectWorker } from "./workers.ts";

/** A mesh project on disk. */
export interface Project {
  /** Absolute. */
  readonly dir: string;
  readonly mesh: { readonly name: string; readonly spec: MeshSpec };
  readonly workers: readonly ProjectWorker[];
  readonly resources: readonly SourcedDocument[];
}

/** What may be told beside the folder. */
export interface LoadOptions {
  /** Environment of every wrangler file, in place of those mesh.yaml names. */
  readonly env?: string;
}

/** Loads the project of a folder; throws a ProjectError that lists what is wrong. */
export async function loadProject(dir: string, options: LoadOptions = {}): Promise<Project> {
  const root = path.resolve(dir);
  const file = readMeshFile(root);
  const resources = loadResources(root, file.resources);
  const workers = await resolveWorkers(root, file.workers, options.env);
  return { dir: root, mesh: { name: file.name, spec: file.spec }, workers, resources };
}

/** The folder of the nearest mesh.yaml at or above a folder. */
export function findProject(from: string): string | undefined {
  for (let dir = path.resolve(from); ; dir = path.dirname(dir)) {
    if (existsSync(path.join(dir, MESH_FILE))) return dir;
    if (dir === path.dirname(dir)) return undefined;
  }
}
