// Owns putting a project's own resources in place: its Mesh and what `spec.resources` names, and taking away
// what is no longer there.
import { HEDDLE_API } from "../../mesh/contract/resources/meta.ts";
import { findKind } from "../../mesh/contract/resources/kinds.ts";
import { applyDocuments, deleteRefs } from "../api.ts";
import type { Ref, WriteAnswer } from "../../mesh/contract/api.ts";
import type { ControlTarget } from "../client.ts";
import type { SourceDocument } from "../commands/documents.ts";
import { located, locateWarning } from "../commands/placement.ts";
import type { Complaint } from "../exit.ts";
import type { Project } from "../project/load.ts";

/** Applies the Mesh and the resources of a project; an error says where in the files. Returns the warnings. */
export async function applyProject(
  target: ControlTarget,
  project: Project,
): Promise<readonly Complaint[]> {
  const documents = documentsOf(project);
  let answer: WriteAnswer;
  try {
    answer = await applyDocuments(
      target,
      documents.map(({ value }) => value),
      false,
    );
  } catch (error) {
    throw located(error, documents);
  }
  return answer.warnings.map((warning) => locateWarning(warning, documents));
}

/** Deletes resources that the project named before and names no longer. */
export async function removeGone(
  target: ControlTarget,
  before: readonly Ref[],
  project: Project,
): Promise<void> {
  const kept = new Set(refsOf(project).map((ref) => JSON.stringify(ref)));
  const gone = before.filter((ref) => !kept.has(JSON.stringify(ref)));
  if (gone.length > 0) await deleteRefs(target, gone);
}

/** What decides whether a project's resources changed. */
export const resourcesDigest = (project: Project): string =>
  JSON.stringify(documentsOf(project).map(({ value }) => value));

function documentsOf({ mesh, resources }: Project): readonly SourceDocument[] {
  const { name, spec } = mesh;
  const own: SourceDocument = {
    value: { apiVersion: HEDDLE_API, kind: "Mesh", metadata: { name }, spec },
    where: () => "mesh.yaml",
  };
  return [own, ...resources];
}

/** The resources a project names, beside its Mesh. */
export const refsOf = ({ resources }: Project): readonly Ref[] =>
  resources.map(({ kind, name, namespace = "default" }) => ({
    kind,
    name,
    ...((findKind(kind)?.namespaced ?? true) ? { namespace } : {}),
  }));
