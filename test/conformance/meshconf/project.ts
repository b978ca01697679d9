// Owns the project folder of a mesh plan: mesh.yaml, one ordinary Worker per workload and caller, the way in to callers.
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { stringify } from "yaml";
import type { Pairs } from "./case-file.ts";
import { GATEWAY_API, GATEWAY_CLASS, HEDDLE_API, type Manifest, toManifest } from "./manifest.ts";
import type { MeshPlan, PlannedWorkload } from "./plan.ts";

/** Namespace of what is the runner's own. */
export const DRIVER_NAMESPACE = "conformance-driver";
export const DRIVER_GATEWAY = "conformance-driver";
/** The caller that asks each echo backend what it has seen. */
const PROBE = "conformance-probe";

/** What the runner changes of Mesh.spec.defaults, and why. */
export const OVERRIDES = {
  defaults: { retry: { attempts: 0 }, breaker: { failureRatio: 0 } },
  why: "a case counts tries, copies and shares, so only what a route itself asks for may be retried, and backends that fail on purpose are shared, so no circuit may open",
} as const;

/** Host name of the caller with this number. */
export const callerHost = (index: number): string => `caller-${index}.driver.example`;
/** Host name of the probe. */
export const PROBE_HOST = "probe.driver.example";

const FIXTURES = path.join(import.meta.dirname, "../fixtures");

interface WorkerEntry {
  readonly path: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Pairs;
}

/** Writes the project anew, and nothing outside the folder. */
export function writeProject(folder: string, plan: MeshPlan): void {
  rmSync(folder, { recursive: true, force: true });
  const workers = [
    ...plan.workloads.map((one) => writeEcho(folder, one)),
    ...plan.callers.map((caller) =>
      writeCaller(folder, caller.namespace, caller.name, caller.bindings, caller.labels),
    ),
    writeCaller(folder, DRIVER_NAMESPACE, PROBE, probeBindings(plan)),
  ];
  const namespaces = Object.fromEntries(
    [...plan.namespaces].map(([name, labels]) => [name, { labels }]),
  );
  writeFileSync(path.join(folder, "mesh.yaml"), stringify(meshOf(workers, namespaces)));
  mkdirSync(path.join(folder, "resources"), { recursive: true });
  const driver = driverManifests(plan).map((one) => stringify(one));
  writeFileSync(path.join(folder, "resources/driver.yaml"), driver.join("---\n"));
}

/** The probe's binding for a workload. */
export function probeBinding(plan: MeshPlan, namespace: string, workload: string): string {
  const index = plan.workloads.findIndex(
    (one) => one.namespace === namespace && one.name === workload,
  );
  if (index === -1) throw new Error(`no workload ${namespace}/${workload} in the mesh`);
  return `TO_${index}`;
}

function probeBindings(plan: MeshPlan): ReadonlyMap<string, string> {
  return new Map(
    plan.workloads.map((one, index) => [`endpoint:${one.name}.${one.namespace}`, `TO_${index}`]),
  );
}

function meshOf(workers: readonly WorkerEntry[], namespaces: Readonly<Record<string, unknown>>) {
  return {
    apiVersion: HEDDLE_API,
    kind: "Mesh",
    metadata: { name: "conformance" },
    spec: {
      trustDomain: "conformance.example",
      namespaces,
      workers,
      resources: ["resources/"],
      defaults: OVERRIDES.defaults,
    },
  };
}

function writeEcho(folder: string, one: PlannedWorkload): WorkerEntry {
  const hash = createHash("sha256").update(`${one.namespace}/${one.name}`).digest("hex");
  const pod = `${one.name}-${hash.slice(0, 9)}-${hash.slice(9, 14)}`;
  const at = writeWorker(folder, one.namespace, one.name, "echo.ts", {
    vars: { NAMESPACE: one.namespace, SERVICE: one.name, POD: pod },
  });
  return { path: at, name: one.name, namespace: one.namespace, labels: one.labels };
}

function writeCaller(
  folder: string,
  namespace: string,
  name: string,
  bindings: ReadonlyMap<string, string>,
  labels?: Pairs,
): WorkerEntry {
  const at = writeWorker(folder, namespace, name, "caller.ts", {
    services: [...bindings].map(([service, binding]) => ({ binding, service })),
  });
  return { path: at, name, namespace, ...(labels === undefined ? {} : { labels }) };
}

function writeWorker(
  folder: string,
  namespace: string,
  name: string,
  source: string,
  config: Readonly<Record<string, unknown>>,
): string {
  const at = path.join("workers", namespace, name);
  mkdirSync(path.join(folder, at), { recursive: true });
  cpSync(path.join(FIXTURES, source), path.join(folder, at, source));
  const wrangler = {
    name: scriptName(namespace, name),
    main: source,
    compatibility_date: "2026-10-20",
    ...config,
  };
  writeFileSync(path.join(folder, at, "wrangler.json"), `${JSON.stringify(wrangler, null, 2)}\n`);
  return at;
}

/** At most 54 characters, and different for different Workers. */
function scriptName(namespace: string, name: string): string {
  const long = `${namespace}-${name}`;
  const hash = createHash("sha256").update(`${namespace}/${name}`).digest("hex").slice(0, 8);
  return long.length <= 54 ? long : `${long.slice(0, 45)}-${hash}`;
}

/** A Gateway of the runner's own, by which it reaches each caller under a host name. */
function driverManifests(plan: MeshPlan): readonly Manifest[] {
  const listener = {
    name: "http",
    port: 80,
    protocol: "HTTP",
    hostname: "*.driver.example",
    allowedRoutes: { namespaces: { from: "All" } },
  };
  const gateway = {
    name: DRIVER_GATEWAY,
    namespace: DRIVER_NAMESPACE,
    spec: { gatewayClassName: GATEWAY_CLASS, listeners: [listener] },
  };
  return [
    toManifest("Gateway", gateway),
    routeTo(DRIVER_NAMESPACE, PROBE, PROBE_HOST),
    ...plan.callers.map((one, index) => routeTo(one.namespace, one.name, callerHost(index))),
  ];
}

function routeTo(namespace: string, name: string, hostname: string): Manifest {
  return {
    apiVersion: GATEWAY_API,
    kind: "HTTPRoute",
    metadata: { name, namespace },
    spec: {
      parentRefs: [{ name: DRIVER_GATEWAY, namespace: DRIVER_NAMESPACE }],
      hostnames: [hostname],
      rules: [{ backendRefs: [{ name, port: 80 }] }],
    },
  };
}
