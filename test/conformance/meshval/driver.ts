// The drivers of validation: schema meshval/1 (each document to a running control as a dry run: the verdict, and the
// field its reason means) and the limits file (compared with our schemas field by field).
import path from "node:path";
import type { Driver, DriverContext, SchemaFile } from "../driver.ts";
import { type Ready, startMesh } from "../heddle.ts";
import { GATEWAY_API } from "../meshconf/manifest.ts";
import { writeProject } from "../meshconf/project.ts";
import type { CaseResult, FileResult } from "../results.ts";
import { compareLimit, type Limits } from "./limits.ts";
import { type Complaint, namesReason } from "./reasons.ts";

interface ValidationCase {
  readonly id: string;
  readonly kind: string;
  readonly valid: boolean;
  readonly reasons: readonly string[];
  readonly origin?: string;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly disputed?: boolean;
}

/** Runs files of schema meshval/1 against one running mesh. */
export const meshval: Driver = async (files, context) => {
  const folder = path.join(context.folder, "validation");
  const nothing = { files: [], namespaces: new Map(), workloads: [], callers: [] };
  writeProject(folder, nothing);
  context.say(`starting a mesh in ${folder}; nothing of Mesh.spec.defaults matters to a dry run`);
  const mesh = await startMesh(folder);
  try {
    const results: FileResult[] = [];
    for (const file of files) results.push(reported(context, await runFile(mesh.ready, file)));
    return results;
  } finally {
    await mesh.stop();
  }
};

/** Compares files of limits. */
export const limits: Driver = (files, context) =>
  Promise.resolve(files.map((file) => reported(context, compareFile(file))));

function reported(context: DriverContext, result: FileResult): FileResult {
  context.done(result);
  return result;
}

async function runFile(ready: Ready, file: SchemaFile): Promise<FileResult> {
  const began = Date.now();
  const cases = (file.document["cases"] ?? []) as readonly ValidationCase[];
  const valid = new Set(cases.filter((one) => one.valid).map(textOf));
  const results: CaseResult[] = [];
  for (const one of cases) {
    const title = `${one.kind} ${one.valid ? "is valid" : one.reasons.join(", ")}`;
    // Word for word the same document cannot be both.
    const isTorn = !one.valid && valid.has(textOf(one));
    const why = "the same document stands in the file as valid: reported, not counted";
    const detail = isTorn ? [why] : await judge(ready, one);
    const verdict = isTorn ? "skipped" : detail.length === 0 ? "passed" : "failed";
    results.push({ id: one.id, title, kind: "case", verdict, detail });
  }
  return toResult(file, results, began);
}

const textOf = ({ kind, spec }: ValidationCase): string => kind + JSON.stringify(spec);

/** What is wrong with control's verdict; empty where it is right. */
async function judge(ready: Ready, one: ValidationCase): Promise<readonly string[]> {
  const document = toDocument(one.kind, "validation", undefined, one.spec);
  const body = JSON.stringify({ dryRun: true, documents: [document, ...parentsOf(one)] });
  const response = await fetch(new URL("/v1/apply", ready.control), {
    method: "POST",
    headers: { authorization: `Bearer ${ready.token}`, "content-type": "application/json" },
    body,
  });
  const answer = (await response.json()) as { readonly errors?: readonly Complaint[] };
  const complaints = (answer.errors ?? []).map(({ path: at, message }) => ({
    path: at.replace(/^documents\[0\]\.?/, ""),
    message,
  }));
  const said = complaints.map(({ path: at, message }) => `${at}: ${message}`);
  if (one.valid) return response.ok ? [] : ["expected it taken, it was refused", ...said];
  if (response.status !== 422) return [`expected it refused with 422, got ${response.status}`];
  if (namesReason(one.reasons, complaints)) return [];
  return [`expected a complaint that means ${one.reasons.join(" or ")}`, ...said];
}

const toDocument = (
  kind: string,
  name: string,
  namespace: string | undefined,
  spec: object,
): object => ({
  apiVersion: GATEWAY_API,
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  spec,
});

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** Gateways for a route that names some: one that leads nowhere is refused for that, whatever its fields. */
function parentsOf({ spec }: ValidationCase): readonly object[] {
  const refs = spec["parentRefs"];
  if (!Array.isArray(refs)) return [];
  const wanted = new Map<string, { name: string; namespace: string | undefined }>();
  for (const { kind = "Gateway", name, namespace } of refs as Readonly<Record<string, string>>[]) {
    if (kind !== "Gateway" || !NAME.test(name ?? "")) continue;
    wanted.set(`${namespace ?? ""}/${name}`, { name: name ?? "", namespace });
  }
  const listener = { name: "http", protocol: "HTTP", port: 80 };
  return [...wanted.values()].map(({ name, namespace }) =>
    toDocument("Gateway", name, namespace, { gatewayClassName: "heddle", listeners: [listener] }),
  );
}

function compareFile(file: SchemaFile): FileResult {
  const began = Date.now();
  const { schema: _, ...kinds } = file.document as unknown as Limits & {
    readonly schema?: unknown;
  };
  const results = Object.entries(kinds as Limits).flatMap(([kind, fields]) =>
    Object.entries(fields).map(([at, theirs]): CaseResult => {
      const detail = compareLimit(kind, at, theirs);
      const verdict = detail.length === 0 ? "passed" : "failed";
      return { id: `${kind} ${at}`, title: "limits", kind: "case", verdict, detail };
    }),
  );
  return toResult(file, results, began);
}

const toResult = (
  { name }: SchemaFile,
  results: readonly CaseResult[],
  began: number,
): FileResult => ({
  file: name,
  id: name,
  profile: "validation",
  features: ["Validation"],
  results,
  durationMs: Date.now() - began,
});
