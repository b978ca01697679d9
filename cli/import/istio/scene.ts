// Owns what the translations of one run share: what was read, what was made, and what could not be said.
import { parseResource } from "../../../mesh/contract/resources/parse.ts";
import { DEFAULT_NAMESPACE } from "../../../mesh/contract/resources/meta.ts";
import type { Segment } from "../../commands/documents.ts";
import { type Fields, readFields } from "../fields.ts";

/** A resource as it will be applied. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** One thing an operator should know of the translation. */
export interface Remark {
  readonly level: "error" | "warning" | "note";
  /** `file:line:column`. */
  readonly where: string;
  readonly resource: string;
  /** Path of the field; empty where the whole resource is meant. */
  readonly field: string;
  readonly message: string;
}

/** One document of Istio's. */
export interface IstioDocument {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly spec: Fields;
  remark(level: Remark["level"], at: readonly Segment[], message: string): void;
}

/** What all translations of one run see and write. */
export interface Scene {
  readonly documents: readonly IstioDocument[];
  readonly made: Manifest[];
  readonly remarks: Remark[];
  /** Port of a destination that names none. */
  readonly port: number;
  /** When injected faults end, RFC 3339. */
  readonly expires: string;
  /** Namespace whose policies hold for the mesh; absent: `istio-system`. */
  readonly rootNamespace?: string | undefined;
  /** Names of the mesh's own trust domain, the first of them its present one; absent: `cluster.local`. */
  readonly trustDomains?: readonly string[] | undefined;
}

/** A document as the CLI read it. */
export interface SourceText {
  readonly value: unknown;
  readonly where: (at: readonly Segment[]) => string;
}

/** Opens a document; null where it is no Kubernetes object. */
export function openDocument(source: SourceText, remarks: Remark[]): IstioDocument | null {
  const { kind, metadata } = recordOf(source.value);
  const { name, namespace, annotations } = recordOf(metadata);
  if (typeof kind !== "string" || typeof name !== "string") return null;
  const resource = `${kind}/${name}`;
  const remark: IstioDocument["remark"] = (level, at, message) =>
    void remarks.push({ level, where: source.where(at), resource, field: pathOf(at), message });
  return {
    kind,
    name,
    namespace: typeof namespace === "string" ? namespace : DEFAULT_NAMESPACE,
    annotations: recordOf(annotations),
    spec: readFields(recordOf(source.value)["spec"], ["spec"], (at, message) =>
      remark("warning", at, message),
    ),
    remark,
  };
}

/** Adds a resource; one that its own schema refuses is told and left out. */
export function make(scene: Scene, document: IstioDocument, manifest: Manifest): void {
  const parsed = parseResource(manifest);
  if (parsed.ok) scene.made.push(manifest);
  else for (const { message } of parsed.errors) document.remark("error", [], message);
}

/** A name that Kubernetes takes, made of any text. */
export const toName = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 63) || "unnamed";

const pathOf = (at: readonly Segment[]): string =>
  at
    .map((part, index) =>
      typeof part === "number" ? `[${part}]` : `${index > 0 ? "." : ""}${part}`,
    )
    .join("");

const recordOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
