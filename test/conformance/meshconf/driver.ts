// The driver of schema meshconf/1 (Gateway API cases): a dev mesh for as many files as can share it, one file at a time.
import path from "node:path";
import type { Driver, DriverContext } from "../driver.ts";
import { type DevMesh, startMesh } from "../heddle.ts";
import { failedFile, type FileResult } from "../results.ts";
import type { Place } from "./ask.ts";
import { toCaseFile } from "./case-file.ts";
import { said } from "./converge.ts";
import { type MeshPlan, planMeshes } from "./plan.ts";
import { DRIVER_GATEWAY, DRIVER_NAMESPACE, OVERRIDES, writeProject } from "./project.ts";
import { runFile, type MeshState } from "./run-file.ts";
import type { Observed } from "./status.ts";
import { closeConnections } from "./wire.ts";

/** Runs case files of schema meshconf/1. */
export const meshconf: Driver = async (files, context) => {
  const plans = planMeshes(files.map((file) => toCaseFile(file.name, file.document)));
  const overridden = JSON.stringify(OVERRIDES.defaults);
  context.say(`${files.length} files, ${plans.length} mesh(es); Mesh.spec.defaults: ${overridden}`);
  context.say(`  because ${OVERRIDES.why}`);
  const results: FileResult[] = [];
  for (const [index, plan] of plans.entries()) {
    results.push(...(await runPlan(plan, path.join(context.folder, `mesh-${index}`), context)));
  }
  closeConnections();
  return results;
};

async function runPlan(
  plan: MeshPlan,
  folder: string,
  context: DriverContext,
): Promise<readonly FileResult[]> {
  const workers = plan.workloads.length + plan.callers.length + 1;
  context.say(`starting a mesh of ${workers} Workers in ${folder}`);
  const began = Date.now();
  let mesh: DevMesh;
  try {
    writeProject(folder, plan);
    mesh = await startMesh(folder);
  } catch (error) {
    return plan.files.map((file) => reported(context, failedFile(file.file, said(error))));
  }
  context.say(`  ready after ${Date.now() - began} ms; its output is in ${mesh.logFile}`);
  try {
    const state = await begin(mesh, plan, context);
    const results: FileResult[] = [];
    for (const file of plan.files) results.push(reported(context, await runFile(state, file)));
    return results;
  } finally {
    await mesh.stop();
  }
}

function reported(context: DriverContext, result: FileResult): FileResult {
  context.done(result);
  return result;
}

async function begin(mesh: DevMesh, plan: MeshPlan, context: DriverContext): Promise<MeshState> {
  const gateway = (await mesh.get("gateway", DRIVER_GATEWAY, "-n", DRIVER_NAMESPACE)) as Observed;
  const driver = gateway.status?.addresses?.[0]?.value ?? new URL(mesh.ready.gateway).host;
  const addresses = new Map<string, string>();
  const place: Place = {
    plan,
    driver,
    listener: (namespace, name, port) => {
      const address = addresses.get(`${namespace}/${name}:${port}`);
      if (address === undefined)
        throw new Error(`Gateway ${namespace}/${name} lists no address for port ${port}`);
      return address;
    },
  };
  return { mesh, place, addresses, windowMs: context.windowMs, current: [], changedMs: Date.now() };
}
