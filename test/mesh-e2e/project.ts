// Owns the small project these tests run: three callers behind a Gateway, a service of two versions, and two plain callees.
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { stringify } from "yaml";

/** A resource as `heddle apply` takes it. */
export interface Document {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

export const CALLERS = ["front", "other", "idle"] as const;
/** `echo` is a name for the two of them. */
const CALLEES = ["echo-v1", "echo-v2", "flaky", "vault"] as const;

const HEDDLE = "heddle.dev/v1";
const GATEWAY = "gateway.networking.k8s.io/v1";
const FIXTURES = path.join(import.meta.dirname, "fixtures");

/** Host name by which the Gateway leads to a caller. */
export const hostOf = (caller: string): string => `${caller}.test`;

/** The Mesh with a spec of the test's own beside what the project needs. */
export const meshOf = (spec: Readonly<Record<string, unknown>> = {}): Document => ({
  apiVersion: HEDDLE,
  kind: "Mesh",
  metadata: { name: "e2e" },
  spec: {
    trustDomain: "e2e.example",
    workers: [...CALLERS, ...CALLEES].map((name) => `workers/${name}`),
    resources: ["resources/"],
    ...spec,
  },
});

export const serviceOf = (name: string, spec: Readonly<Record<string, unknown>>): Document => ({
  apiVersion: HEDDLE,
  kind: "Service",
  metadata: { name },
  spec,
});

/** A route of a service, with these rules. */
export const routeOf = (service: string, ...rules: readonly object[]): Document => ({
  apiVersion: GATEWAY,
  kind: "HTTPRoute",
  metadata: { name: service },
  spec: { parentRefs: [{ group: "", kind: "Service", name: service }], rules },
});

/** The route of `echo`: so much of a hundred to v1, the rest to v2. */
export const splitOf = (v1: number): Document =>
  routeOf("echo", {
    backendRefs: [
      { name: "echo-v1", port: 80, weight: v1 },
      { name: "echo-v2", port: 80, weight: 100 - v1 },
    ],
  });

/** Writes the project anew, and nothing outside the folder. */
export function writeProject(
  folder: string,
  extra: readonly Document[],
  spec: Readonly<Record<string, unknown>> = {},
): void {
  rmSync(folder, { recursive: true, force: true });
  for (const name of CALLERS) writeWorker(folder, name, "caller.ts", { services: bindings() });
  for (const name of CALLEES) writeWorker(folder, name, "callee.ts", { vars: { NAME: name } });
  writeFileSync(path.join(folder, "mesh.yaml"), stringify(meshOf(spec)));
  mkdirSync(path.join(folder, "resources"));
  const documents = [...resources(), ...extra].map((one) => stringify(one));
  writeFileSync(path.join(folder, "resources/all.yaml"), documents.join("---\n"));
}

function bindings(): readonly object[] {
  return ["echo", "flaky", "vault"].flatMap((service) => [
    { binding: service, service },
    { binding: `${service}-methods`, service, entrypoint: "Methods" },
  ]);
}

/** Writes a Worker of a source among the fixtures. */
export function writeWorker(folder: string, name: string, source: string, config: object): void {
  const at = path.join(folder, "workers", name);
  mkdirSync(at, { recursive: true });
  cpSync(path.join(FIXTURES, source), path.join(at, "index.ts"));
  const wrangler = { name, main: "index.ts", compatibility_date: "2026-10-20", ...config };
  writeFileSync(path.join(at, "wrangler.json"), `${JSON.stringify(wrangler, null, 2)}\n`);
}

function resources(): readonly Document[] {
  const gateway: Document = {
    apiVersion: GATEWAY,
    kind: "Gateway",
    metadata: { name: "entry" },
    spec: { gatewayClassName: "heddle", listeners: [{ name: "http", port: 80, protocol: "HTTP" }] },
  };
  const routes = CALLERS.map((name): Document => {
    // The way in is tried again for an answer that nobody gives, so never: what callers do is seen as they did it.
    const retry = { attempts: 1, codes: [418] };
    const rules = [{ retry, backendRefs: [{ name, port: 80 }] }];
    const spec = { parentRefs: [{ name: "entry" }], hostnames: [hostOf(name)], rules };
    return { apiVersion: GATEWAY, kind: "HTTPRoute", metadata: { name }, spec };
  });
  return [gateway, ...routes, serviceOf("echo", { endpoints: [{ worker: "echo-v1" }] })];
}
