// Owns what the checks look at: resources and Workers as the compiler sees them, and where in the files each stands.
import { type Attached, attachRoute } from "../../control/compile/attach.ts";
import { type Inventory, type Known, takeInventory } from "../../control/compile/inventory.ts";
import { type OfflineWorker, storedOf, storedWorker } from "../../control/compile/offline.ts";
import { type CompiledRoute, compileRoute } from "../../control/compile/rules.ts";
import type { HTTPRouteSpec } from "../../mesh/contract/resources/http-route.ts";
import { parseResource } from "../../mesh/contract/resources/parse.ts";
import type { StoredResource } from "../../mesh/contract/state.ts";
import type { Segment, SourceDocument } from "../commands/documents.ts";
import { segmentsOf } from "../commands/placement.ts";
import { CHECKS, type CheckCode, type Severity } from "./check.ts";

/** One mistake. */
export interface Finding {
  readonly code: CheckCode;
  readonly severity: Severity;
  /** `Kind/name` or `Kind/name (namespace ns)`; a Worker is `Worker/ns/name`. */
  readonly resource: string;
  /** `file:line:column`. */
  readonly where: string;
  readonly message: string;
  readonly mend: string;
}

/** A Worker of the project. */
export interface AnalyzedWorker extends OfflineWorker {
  /** `file:line:column` of the binding that dials a service. */
  readonly whereDials: (service: string) => string;
  /** Methods by entrypoint; `default` is the default export. Absent: not known. */
  readonly methods?: ReadonlyMap<string, ReadonlySet<string>>;
}

export interface AnalyzeInput {
  readonly documents: readonly SourceDocument[];
  readonly workers: readonly AnalyzedWorker[];
  /** What is there already and is not judged: the running mesh. */
  readonly stored: readonly StoredResource[];
  readonly nowMs: number;
}

/** A route with where it hangs and what it compiles to. */
export interface AnalyzedRoute {
  readonly source: Known<HTTPRouteSpec>;
  /** Position by age, then name. */
  readonly rank: number;
  readonly attached: readonly Attached[];
  readonly compiled: Readonly<Record<"gateway" | "service", CompiledRoute>>;
}

/** Everything a check may ask. */
export interface Scene {
  readonly inventory: Inventory;
  readonly routes: readonly AnalyzedRoute[];
  readonly workers: readonly AnalyzedWorker[];
  readonly nowMs: number;
  /** Whether a resource comes from the files. */
  isWritten(stored: StoredResource): boolean;
  /** A finding at a path of a resource. */
  at(stored: StoredResource, path: readonly Segment[], code: CheckCode, message: string): Finding;
}

/** Looks at a scene and says what is wrong. */
export type Checker = (scene: Scene) => readonly Finding[];

/** Reads documents; those that are wrong in themselves are findings and no part of the scene. */
export function setScene(input: AnalyzeInput): { scene: Scene; findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const written = new Map<string, { stored: StoredResource; document: SourceDocument }>();
  for (const document of input.documents) {
    const parsed = parseResource(document.value);
    if (!parsed.ok) {
      for (const { path, message, mend } of parsed.errors)
        findings.push({
          ...toFinding("HDL001", nameOf(document.value), document.where(segmentsOf(path)), message),
          mend,
        });
      continue;
    }
    const stored = storedOf(parsed.resource);
    const twin = written.get(keyOf(stored));
    if (twin) {
      const message = `the first one is at ${twin.document.where(["metadata", "name"])}`;
      findings.push(
        toFinding("HDL002", titleOf(stored), document.where(["metadata", "name"]), message),
      );
    } else written.set(keyOf(stored), { stored, document });
  }
  return { scene: toScene(input, written), findings };
}

function toScene(
  { workers, stored, nowMs }: AnalyzeInput,
  written: ReadonlyMap<string, { stored: StoredResource; document: SourceDocument }>,
): Scene {
  const known = new Set(written.keys());
  const inventory: Inventory = takeInventory([
    ...stored.filter((one) => !known.has(keyOf(one))),
    ...[...written.values()].map((one) => one.stored),
    ...workers.map(storedWorker),
  ]);
  return {
    inventory,
    routes: [...inventory.routes, ...inventory.rpcRoutes].map((source, rank) => ({
      rank,
      source,
      attached: attachRoute(source, inventory),
      compiled: {
        gateway: compileRoute(source, "gateway", inventory),
        service: compileRoute(source, "service", inventory),
      },
    })),
    workers,
    nowMs,
    isWritten: (one) => known.has(keyOf(one)),
    at: (one, path, code, message) =>
      toFinding(code, titleOf(one), written.get(keyOf(one))?.document.where(path) ?? "", message),
  };
}

/** A finding with what its check says. */
export const toFinding = (
  code: CheckCode,
  resource: string,
  where: string,
  message: string,
): Finding => {
  const { severity, mend } = CHECKS[code];
  return { code, severity, resource, where, message, mend };
};

const keyOf = ({ kind, metadata }: StoredResource): string =>
  `${kind} ${metadata.namespace}/${metadata.name}`;

const titleOf = ({ kind, metadata: { name, namespace } }: StoredResource): string =>
  namespace === "" || namespace === "default"
    ? `${kind}/${name}`
    : `${kind}/${name} (namespace ${namespace})`;

function nameOf(value: unknown): string {
  const { kind, metadata } = (value ?? {}) as { kind?: string; metadata?: { name?: string } };
  return `${kind ?? "document"}/${metadata?.name ?? "?"}`;
}
