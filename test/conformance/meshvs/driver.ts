// The driver of schema meshvs/1: Istio's documents go through `heddle import` and `heddle apply` into one dev mesh.
import path from "node:path";
import type { Driver, DriverContext, SchemaFile } from "../driver.ts";
import { type DevMesh, startMesh } from "../heddle.ts";
import { deadline, said } from "../meshconf/converge.ts";
import { DRIVER_GATEWAY, DRIVER_NAMESPACE, OVERRIDES, writeProject } from "../meshconf/project.ts";
import type { Observed } from "../meshconf/status.ts";
import { closeConnections } from "../meshconf/wire.ts";
import { type CaseResult, failedFile, type FileResult } from "../results.ts";
import type { VsPlace } from "./ask.ts";
import { documentsOf, resourcesOf, type VsCase, type VsDocument } from "./document.ts";
import { callerKey, planOf, servicesFor } from "./plan.ts";
import { tryVsCase } from "./run-case.ts";

/** Runs case files of schema meshvs/1. */
export const meshvs: Driver = async (files, context) => {
  const results: FileResult[] = [];
  for (const [index, file] of files.entries()) {
    const folder = path.join(context.folder, `vs-${index}`);
    results.push(...(await runFile(file, folder, context)));
  }
  closeConnections();
  return results;
};

async function runFile(
  file: SchemaFile,
  folder: string,
  context: DriverContext,
): Promise<readonly FileResult[]> {
  const documents = documentsOf(file.document);
  const plan = planOf(documents);
  const { length } = [...plan.workloads, ...plan.callers, 1];
  context.say(`starting a mesh of ${length} Workers in ${folder}`);
  context.say(
    `Mesh.spec.defaults: ${JSON.stringify(OVERRIDES.defaults)}, because ${OVERRIDES.why}`,
  );
  let mesh: DevMesh;
  try {
    writeProject(folder, plan);
    mesh = await startMesh(folder);
  } catch (error) {
    const failed = failedFile(file.name, said(error));
    context.done(failed);
    return [failed];
  }
  try {
    const driver = (await mesh.get("gateway", DRIVER_GATEWAY, "-n", DRIVER_NAMESPACE)) as Observed;
    const listeners = new Map<number, string>();
    const place: VsPlace = {
      plan,
      driver: driver.status?.addresses?.[0]?.value ?? new URL(mesh.ready.gateway).host,
      listener: () => "",
      gatewayFor: (port) => listeners.get(port) ?? null,
      callerKeys: callerKeys(documents),
    };
    const results: FileResult[] = [];
    for (const document of documents) {
      const result = await runDocument(mesh, place, document, listeners, context);
      context.done(result);
      results.push(result);
    }
    return results;
  } finally {
    await mesh.stop();
  }
}

/** In the order of the plan's callers. */
const callerKeys = (documents: readonly VsDocument[]): readonly string[] => [
  ...new Set(["{}", ...documents.flatMap(({ cases }) => cases.map(callerKey))]),
];

async function runDocument(
  mesh: DevMesh,
  place: VsPlace,
  document: VsDocument,
  listeners: Map<number, string>,
  context: DriverContext,
): Promise<FileResult> {
  const began = Date.now();
  const result = (results: readonly CaseResult[]): FileResult => ({
    file: document.id,
    id: document.id,
    profile: "",
    features: ["VirtualService"],
    results,
    durationMs: Date.now() - began,
  });
  const imported = await importInto(mesh, document);
  if (document.expect_config?.startsWith("rejected") === true) {
    const isRejected = typeof imported === "string";
    return result([toResult("import", "is rejected", isRejected ? [] : ["it was taken"], false)]);
  }
  if (typeof imported === "string") {
    return result(
      ["import", ...document.cases.map(({ id }) => id)].map((id) =>
        toResult(id, id, [imported], false),
      ),
    );
  }
  await readListeners(mesh, listeners);
  const end = deadline(Date.now(), Date.now(), context.windowMs);
  const results: CaseResult[] = [toResult("import", "imports", [], false)];
  for (const one of document.cases) {
    if ("scenario" in one.expect) {
      const detail = ["a scenario in prose is not driven"];
      results.push({ id: one.id, title: titleOf(one), kind: "case", verdict: "skipped", detail });
      continue;
    }
    const detail = await tryVsCase(place, document, one, end);
    results.push(toResult(one.id, titleOf(one), detail, document.disputed === true));
  }
  await mesh.remove(imported, true);
  return result(results);
}

/** What was applied, or why it was not. */
async function importInto(
  mesh: DevMesh,
  document: VsDocument,
): Promise<readonly unknown[] | string> {
  try {
    const { items } = (await mesh.importIstio(resourcesOf(document))) as {
      readonly items: readonly unknown[];
    };
    const services = servicesFor(document).filter((service) => !isAmong(service, items));
    await mesh.apply([...services, ...items]);
    return [...items, ...services];
  } catch (error) {
    return said(error);
  }
}

/** A subset may have the name of a service of the document's own. */
function isAmong(service: unknown, items: readonly unknown[]): boolean {
  const nameOf = (value: unknown): string => {
    const { kind, metadata } = value as { kind: string; metadata: { name: string } };
    return `${kind} ${metadata.name}`;
  };
  return items.some((item) => nameOf(item) === nameOf(service));
}

/** The loopback ports of the Gateways that were applied. */
async function readListeners(mesh: DevMesh, listeners: Map<number, string>): Promise<void> {
  listeners.clear();
  const { items = [] } = (await mesh.get("gateways", "-A")) as { items?: readonly Observed[] };
  for (const { metadata, status } of items) {
    if (metadata.name === DRIVER_GATEWAY) continue;
    for (const { value, listenerPort } of status?.addresses ?? [])
      if (value !== undefined) listeners.set(Number(listenerPort), value);
  }
}

function titleOf({ request }: VsCase): string {
  return `${request.method} ${request.host}${request.path} ${JSON.stringify(request.headers ?? {})}`;
}

function toResult(
  id: string,
  title: string,
  detail: readonly string[],
  isDisputed: boolean,
): CaseResult {
  const outcome = detail.length === 0 ? "passed" : "failed";
  if (!isDisputed) return { id, title, kind: "case", verdict: outcome, detail };
  const seen = [`disputed: reported, not counted; it ${outcome}`, ...detail];
  return { id, title, kind: "case", verdict: "skipped", detail: seen };
}
