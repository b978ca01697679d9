// Owns the project folder generated from a topology: mesh.yaml, one Worker per service and version, the resources.
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { stringify } from "yaml";
import type { ServiceTable } from "./fixtures/service.ts";
import { type Call, type Endpoint, lineOf, type Service, type Topology } from "./topology.ts";

/** How a service joins the mesh; woven where nothing is said. */
export type Join = "woven" | "relay" | "hand";

export interface GenerateOptions {
  readonly join?: Readonly<Record<string, Join>>;
}

/** Host name under which the gateway serves a topology's entry services. */
export const hostOf = (topology: Topology, service: string): string =>
  `${service}.${topology.name}.example`;

/** The workloads of a service: its own name, or one per version. */
export function workloadsOf(service: Service): readonly { name: string; version: string }[] {
  if (service.versions === undefined) return [{ name: service.name, version: "v1" }];
  return Object.keys(service.versions).map((version) => ({
    name: `${service.name}-${version}`,
    version,
  }));
}

/** Writes the project anew, and nothing outside the folder. */
export function writeTopology(
  folder: string,
  topology: Topology,
  options: GenerateOptions = {},
): void {
  rmSync(folder, { recursive: true, force: true });
  const workers = topology.services.flatMap((service) => {
    const join = options.join?.[service.name] ?? "woven";
    return workloadsOf(service).map(({ name, version }) => {
      const at = writeWorker(folder, topology, { service, name, version, join });
      return { path: at, name, namespace: topology.name, ...(join === "woven" ? {} : { join }) };
    });
  });
  const mesh = {
    apiVersion: "heddle.dev/v1",
    kind: "Mesh",
    metadata: { name: topology.name },
    spec: { trustDomain: `${topology.name}.example`, workers, resources: ["resources/"] },
  };
  writeFileSync(path.join(folder, "mesh.yaml"), stringify(mesh));
  mkdirSync(path.join(folder, "resources"));
  const resources = [
    ...topology.services.flatMap((service) => versionResources(topology, service)),
    ...entryResources(topology),
  ];
  const documents = resources.map((one) => stringify(one)).join("---\n");
  writeFileSync(path.join(folder, "resources/topology.yaml"), documents);
}

interface Workload {
  readonly service: Service;
  readonly name: string;
  readonly version: string;
  readonly join: Join;
}

function writeWorker(folder: string, topology: Topology, workload: Workload): string {
  const at = path.join("workers", workload.name);
  const source = path.join(folder, at, "src");
  mkdirSync(source, { recursive: true });
  const table = {
    ...tableOf(topology, workload.service, workload.version),
    handsOnTrace: workload.join === "relay",
  };
  cpSync(path.join(import.meta.dirname, "fixtures/service.ts"), path.join(source, "service.ts"));
  writeFileSync(path.join(source, "table.json"), `${JSON.stringify(table, null, 2)}\n`);
  writeFileSync(path.join(source, "index.ts"), entrySource(workload.join));
  const callees = new Set(
    table.endpoints.flatMap(({ stages }) =>
      stages.flatMap(({ calls }) => calls.map((call) => call.to)),
    ),
  );
  const wrangler = {
    name: `${topology.name}-${workload.name}`,
    main: "src/index.ts",
    compatibility_date: "2026-10-20",
    services: [...callees].map((service) => ({ binding: bindingOf(service), service })),
  };
  const config = `${JSON.stringify(wrangler, null, 2)}\n`;
  writeFileSync(path.join(folder, at, "wrangler.json"), config);
  return at;
}

const entrySource = (join: Join): string =>
  join === "hand"
    ? `import { mesh } from "heddle";
import { createService } from "./service.ts";
import table from "./table.json";

export default mesh(createService(table));
`
    : `import { createService } from "./service.ts";
import table from "./table.json";

export default createService(table);
`;

/** What one version of a service does, flat: probabilities and timeouts of other versions are gone. */
export function tableOf(topology: Topology, service: Service, version: string): ServiceTable {
  const own = topology.endpoints.filter((endpoint) => endpoint.service === service.name);
  return {
    service: service.name,
    version,
    handsOnTrace: false,
    endpoints: own.map((endpoint) => ({
      name: endpoint.name,
      ...lineOf(endpoint.name),
      stages: stagesOf(endpoint, version),
    })),
  };
}

function stagesOf(endpoint: Endpoint, version: string) {
  const numbers = [...new Set(endpoint.calls.map((call) => call.stage ?? 1))].toSorted(
    (a, b) => a - b,
  );
  return numbers.map((number) => ({
    isParallel: endpoint.parallel_stages?.includes(number) ?? false,
    calls: endpoint.calls
      .filter((call) => (call.stage ?? 1) === number)
      .map((call) => callOf(call, version)),
  }));
}

function callOf(call: Call, version: string) {
  return {
    to: call.to,
    binding: bindingOf(call.to),
    endpoint: call.endpoint,
    ...lineOf(call.endpoint),
    count: call.count ?? 1,
    probability: call.per_version?.[version] ?? call.probability ?? 1,
    timeoutMs: call.timeout_ms_per_version?.[version] ?? call.timeout_ms ?? 0,
    tries: 1 + (call.app_retries ?? 0),
    isNeeded: (call.on_error ?? "fail") === "fail",
  };
}

const bindingOf = (service: string): string => service.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_");

interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A service of several versions: a Service with an endpoint each, and a route that splits by their weights. */
function versionResources(topology: Topology, service: Service): readonly Resource[] {
  if (service.versions === undefined) return [];
  const metadata = { name: service.name, namespace: topology.name };
  const workloads = workloadsOf(service);
  return [
    {
      apiVersion: "heddle.dev/v1",
      kind: "Service",
      metadata,
      spec: { endpoints: workloads.map(({ name }) => ({ name, worker: name })) },
    },
    {
      apiVersion: GATEWAY_API,
      kind: "HTTPRoute",
      metadata,
      spec: {
        parentRefs: [{ group: "", kind: "Service", name: service.name }],
        rules: [
          {
            backendRefs: workloads.map(({ name, version }) => ({
              name,
              port: 80,
              weight: service.versions?.[version] ?? 1,
            })),
          },
        ],
      },
    },
  ];
}

const GATEWAY_API = "gateway.networking.k8s.io/v1";

/** One Gateway, and for each service that users call a route by host name. */
function entryResources(topology: Topology): readonly Resource[] {
  const namespace = topology.name;
  const services = new Set(
    topology.entry.flatMap((entry) => entry.requests.map((request) => request.service)),
  );
  const gateway: Resource = {
    apiVersion: GATEWAY_API,
    kind: "Gateway",
    metadata: { name: "entry", namespace },
    spec: {
      gatewayClassName: "heddle",
      listeners: [{ name: "http", port: 80, protocol: "HTTP" }],
    },
  };
  const routes = [...services].map((service): Resource => {
    const spec = {
      parentRefs: [{ name: "entry" }],
      hostnames: [hostOf(topology, service)],
      rules: [{ backendRefs: [{ name: service, port: 80 }] }],
    };
    const metadata = { name: `entry-${service}`, namespace };
    return { apiVersion: GATEWAY_API, kind: "HTTPRoute", metadata, spec };
  });
  return [gateway, ...routes];
}
