// Owns reading mesh.yaml: syntax, schema, and which line each Worker and resource path stands on.
import { readFileSync } from "node:fs";
import path from "node:path";
import { toFieldErrors } from "../../mesh/contract/resources/field-error.ts";
import { meshSchema, type MeshSpec } from "../../mesh/contract/resources/mesh.ts";
import { parseDocuments, type Segment, type SourceDocument } from "../commands/documents.ts";
import { displayPath, faultAt, ProjectError } from "./project-error.ts";

/** How a Worker joins the mesh. */
export type Join = "woven" | "hand" | "relay";

/** One entry of `spec.workers`, as written. */
export interface WorkerEntry {
  readonly path: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly join?: Join;
  readonly tag?: string;
  readonly env?: string;
  /** `file:line:column` of the entry. */
  readonly where: string;
}

/** A mesh.yaml that its schema takes. */
export interface MeshFile {
  readonly name: string;
  readonly spec: MeshSpec;
  readonly workers: readonly WorkerEntry[];
  readonly resources: readonly { readonly path: string; readonly where: string }[];
}

/** The name of the file that makes a folder a mesh project. */
export const MESH_FILE = "mesh.yaml";

/** Reads and checks the mesh.yaml of a project's folder. */
export function readMeshFile(dir: string): MeshFile {
  const file = path.join(dir, MESH_FILE);
  const { value, where } = onlyDocument(file, readText(file));
  const parsed = meshSchema.safeParse(value);
  if (!parsed.success) {
    const faults = toFieldErrors(parsed.error.issues, value, meshSchema);
    throw new ProjectError(
      faults.map(({ path: at, message, mend }) => faultAt(where(toSegments(at)), message, mend)),
    );
  }
  const { metadata, spec } = parsed.data;
  const { workers = [], resources = [] } = spec;
  return {
    name: metadata.name,
    spec,
    workers: workers.map((entry, index) => ({
      ...(typeof entry === "string" ? { path: entry } : entry),
      where: where(["spec", "workers", index]),
    })) as readonly WorkerEntry[],
    resources: resources.map((entry, index) => ({
      path: entry,
      where: where(["spec", "resources", index]),
    })),
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new ProjectError(
      {
        message: `there is no ${MESH_FILE} in ${displayPath(path.dirname(file))}`,
        mend: "Name the folder of a mesh project with --project, or write a mesh.yaml there.",
      },
      error,
    );
  }
}

function onlyDocument(file: string, text: string): SourceDocument {
  const shown = displayPath(file);
  const { documents, complaints } = parseDocuments(shown, text);
  if (complaints.length > 0) {
    throw new ProjectError(complaints.map(({ message, where = shown }) => faultAt(where, message)));
  }
  const [document, second] = documents;
  if (document === undefined) {
    throw new ProjectError({
      message: "the file is empty",
      file: shown,
      mend: "A mesh.yaml holds one document of kind Mesh.",
    });
  }
  if (second !== undefined) {
    throw new ProjectError(
      faultAt(
        second.where([]),
        `${MESH_FILE} holds more than one document`,
        "Keep the document of kind Mesh and list the files of the others under spec.resources.",
      ),
    );
  }
  return document;
}

/** `spec.rules[0].name` as the segments the document reader takes. */
function toSegments(at: string): readonly Segment[] {
  const segments: Segment[] = [];
  for (const [, name, index, quoted] of at.matchAll(
    /([A-Za-z_][\w-]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g,
  )) {
    if (index !== undefined) segments.push(Number(index));
    else segments.push(quoted === undefined ? (name ?? "") : (JSON.parse(quoted) as string));
  }
  return segments;
}
