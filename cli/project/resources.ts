// Owns collecting a project's resources from the paths mesh.yaml names; their specs are control's to check.
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { parseDocuments, type Segment } from "../commands/documents.ts";
import { displayPath, faultAt, ProjectError, type ProjectFault } from "./project-error.ts";

/** A resource as it was written, and where. */
export interface SourcedDocument {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Undefined where the document names none. */
  readonly namespace: string | undefined;
  /** The whole document. */
  readonly value: Readonly<Record<string, unknown>>;
  readonly file: string;
  readonly line: number;
  /** `file:line:column` of the value at a path, or of the nearest one above it. */
  readonly where: (at: readonly Segment[]) => string;
}

const EXTENSIONS = new Set([".yaml", ".yml", ".json"]);

/** Reads all documents of files and folders (folders with all below them, by name). */
export function loadResources(
  dir: string,
  sources: readonly { readonly path: string; readonly where: string }[],
): readonly SourcedDocument[] {
  const documents: SourcedDocument[] = [];
  const faults: ProjectFault[] = [];
  for (const source of sources) {
    const at = path.resolve(dir, source.path);
    if (!existsSync(at)) {
      faults.push(
        faultAt(
          source.where,
          `there is no file or folder ${source.path}`,
          "Paths under spec.resources are relative to mesh.yaml.",
        ),
      );
      continue;
    }
    for (const file of filesIn(at)) {
      const read = readResources(file);
      documents.push(...read.documents);
      faults.push(...read.faults);
    }
  }
  faults.push(...duplicates(documents));
  if (faults.length > 0) throw new ProjectError(faults);
  return documents;
}

function filesIn(at: string): readonly string[] {
  if (!statSync(at).isDirectory()) return [at];
  return readdirSync(at, { recursive: true, encoding: "utf8" })
    .filter((name) => EXTENSIONS.has(path.extname(name)))
    .sort()
    .map((name) => path.join(at, name));
}

function readResources(file: string): {
  documents: readonly SourcedDocument[];
  faults: readonly ProjectFault[];
} {
  const shown = displayPath(file);
  const { documents, complaints } = parseDocuments(shown, readFileSync(file, "utf8"));
  const faults = complaints.map(({ message, where = shown }) => faultAt(where, message));
  const good: SourcedDocument[] = [];
  for (const { value, where } of documents) {
    const document = identify(value, where);
    if ("message" in document) faults.push(document);
    else good.push(document);
  }
  return { documents: good, faults };
}

function identify(value: unknown, where: SourcedDocument["where"]): SourcedDocument | ProjectFault {
  const { apiVersion, kind, metadata } = recordOf(value);
  const { name, namespace } = recordOf(metadata);
  const missing =
    (!isText(apiVersion) && "apiVersion") ||
    (!isText(kind) && "kind") ||
    (!isText(name) && "metadata.name");
  if (missing) {
    return faultAt(
      where(missing.split(".")),
      `${missing} is missing`,
      "A resource has apiVersion, kind, metadata.name and spec.",
    );
  }
  const { file = "", line = 1 } = faultAt(where([]), "");
  return {
    apiVersion: String(apiVersion),
    kind: String(kind),
    name: String(name),
    namespace: isText(namespace) ? namespace : undefined,
    value: recordOf(value),
    file,
    line,
    where,
  };
}

function duplicates(documents: readonly SourcedDocument[]): readonly ProjectFault[] {
  const first = new Map<string, SourcedDocument>();
  return documents.flatMap((document) => {
    const { kind, namespace = "default", name } = document;
    const key = `${kind} ${namespace}/${name}`;
    const twin = first.get(key);
    if (twin === undefined) {
      first.set(key, document);
      return [];
    }
    return faultAt(
      document.where(["metadata", "name"]),
      `a second ${key}; the first is at ${twin.file}:${twin.line}`,
      "Remove one of them.",
    );
  });
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
