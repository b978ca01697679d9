// The Gateway API conformance files where they lie: what the compiler makes of them, read with the data plane's matcher.
// Statuses as far as they are in the file; of the cases those that name a backend or a status, no traffic is sent.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Compiled, compile } from "../../../control/compile/compile.ts";
import { candidateHosts } from "../../../mesh/algorithms/match/host.ts";
import { matchRule } from "../../../mesh/algorithms/match/match.ts";
import type { GatewaysChunk, HostChunk } from "../../../mesh/contract/gateway.ts";
import type { Backend, Rule } from "../../../mesh/contract/rule.ts";
import type { ServiceChunk } from "../../../mesh/contract/service.ts";
import { toStored, woven } from "../../golden/stored.ts";

const folder = `${import.meta.dirname}/../../../../shared/conformance/gateway-api`;
const GATEWAY = "gateway.networking.k8s.io/v1";

interface Request {
  readonly method: string;
  readonly path: string;
  readonly host?: string;
  readonly host_header?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
interface Case {
  readonly op?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly title: string;
  readonly id: string;
  readonly via: {
    readonly gateway?: string;
    readonly namespace?: string;
    readonly port?: number;
    readonly mesh?: { readonly from: { readonly namespace: string }; readonly to: string };
  };
  readonly request: Request;
  readonly expect: { readonly status?: readonly number[]; readonly backend?: string };
}
interface Named {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly spec: Readonly<Record<string, unknown>>;
}
interface File {
  readonly profile: string;
  readonly drive: string;
  readonly namespaces: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly gateways: readonly Named[];
  readonly backends: readonly {
    readonly service: string;
    readonly namespace: string;
    readonly ports: readonly object[];
    readonly workloads: readonly { readonly workload: string; readonly labels: object }[];
  }[];
  readonly resources: readonly Named[];
  readonly cases: readonly Case[];
  readonly status: readonly Record<string, string | number | boolean>[];
}

const names = existsSync(folder) ? readdirSync(folder) : [];
if (names.length === 0) it.skip("../shared is not here: no conformance files", () => {});

for (const name of names) {
  const file = JSON.parse(readFileSync(`${folder}/${name}`, "utf8")) as File;
  const isOurs = file.profile.endsWith("http") && ["http", "status"].includes(file.drive);
  if (!isOurs) continue;
  describe(name, () => {
    it("gets the statuses of the file", () => checkStatuses(file));
    it("leads every request where the file says", () => checkCases(file));
  });
}

function compileFile(file: File, without: readonly string[] = []): Compiled {
  const namespaces = Object.fromEntries(
    Object.entries(file.namespaces).map(([namespace, labels]) => [namespace, { labels }]),
  );
  const backends = file.backends.flatMap(({ service, namespace, ports, workloads }) => [
    ...workloads.map(({ workload, labels }) => woven(`${namespace}/${workload}`, [], labels)),
    {
      apiVersion: "heddle.dev/v1",
      kind: "Service",
      metadata: { name: service, namespace },
      spec: { ports, endpoints: workloads.map(({ workload }) => ({ worker: workload })) },
    },
  ]);
  const resources = [
    ...file.gateways.map((gateway) => ({ ...gateway, kind: "Gateway" })),
    ...file.resources,
  ]
    .filter(({ kind, namespace, name }) => !without.includes(`${kind} ${namespace}/${name}`))
    .map(({ kind, name, namespace, spec }) => ({
      apiVersion: GATEWAY,
      kind,
      metadata: { name, namespace },
      spec,
    }));
  const mesh = {
    apiVersion: "heddle.dev/v1",
    kind: "Mesh",
    metadata: { name: "test" },
    spec: { namespaces },
  };
  const documents = [mesh, ...backends, ...resources, woven("heddle/gateway")];
  return compile({ resources: documents.map(toStored), version: 1, previous: 0, nowMs: 0 });
}

interface Conditions {
  readonly conditions: readonly { type: string; status: string; reason: string }[];
}

function checkStatuses(file: File): void {
  const { statuses } = compileFile(file);
  const statusOf = (kind: string, id: unknown): unknown =>
    statuses.find((entry) => entry.kind === kind && `${entry.namespace}/${entry.name}` === id)
      ?.status;
  for (const row of file.status) {
    if (!row["type"] && !row["gateway"] && !row["no_accepted_parents"]) continue;
    if (row["gateway"]) {
      const { listeners } = statusOf("Gateway", row["gateway"]) as {
        listeners: { name: string; attachedRoutes: number }[];
      };
      const chosen = listeners.filter(({ name: at }) => !row["listener"] || at === row["listener"]);
      expect(chosen.map(({ attachedRoutes }) => attachedRoutes)).toContain(row["attached_routes"]);
      continue;
    }
    const { parents } = statusOf("HTTPRoute", row["route"]) as {
      parents: (Conditions & { parentRef: { name: string; namespace?: string } })[];
    };
    if (row["no_accepted_parents"]) {
      const accepted = parents.flatMap(({ conditions }) => conditions).filter(isAccepted);
      expect(accepted).toEqual([]);
      continue;
    }
    const parent = parents.find(({ parentRef }) =>
      String(row["parent"]).endsWith(`/${parentRef.name}`),
    );
    expect(parent?.conditions).toContainEqual(
      expect.objectContaining({
        type: row["type"],
        status: row["status"],
        ...(row["reason"] ? { reason: row["reason"] } : {}),
      }),
    );
  }
}

const isAccepted = ({ type, status }: { type: string; status: string }): boolean =>
  type === "Accepted" && status === "True";

function checkCases(file: File): void {
  let compiled = compileFile(file);
  const deleted: string[] = [];
  for (const given of file.cases) {
    if (given.op === "delete") {
      deleted.push(`${given.kind} ${given.namespace}/${given.name}`);
      compiled = compileFile(file, deleted);
    } else if (!given.op && !given.request.host?.includes("{{")) checkCase(file, compiled, given);
  }
}

function checkCase(
  file: File,
  compiled: Compiled,
  { id, title, via, request, expect: wanted }: Case,
) {
  const rule = via.mesh
    ? meshRule(compiled, via.mesh, file, request)
    : gatewayRule(compiled, `${via.namespace}/${via.gateway}`, via.port ?? 80, request);
  const label = `${id} ${title}`;
  const live = (rule?.backends ?? []).filter(({ weight }) => weight > 0);
  if (wanted.backend) {
    const workloads = live.flatMap((backend) => workloadsOf(compiled, backend));
    expect(workloads, label).toContain(wanted.backend);
    return;
  }
  if (wanted.status?.includes(404)) expect(rule, label).toBeNull();
  const isFailure =
    wanted.status?.every((status) => status === 500) && !request.path.includes("retry");
  if (isFailure) expect(live.length === 0 || live.some(({ invalid }) => invalid), label).toBe(true);
}

function chunk<T>({ directory, chunks }: Compiled, id: string): T | null {
  const at = Object.keys(directory.chunks).indexOf(id);
  return at < 0 ? null : (JSON.parse(new TextDecoder().decode(chunks[at])) as T);
}

const workloadsOf = (compiled: Compiled, backend: Backend): string[] =>
  backend.invalid
    ? []
    : (chunk<ServiceChunk>(compiled, `service:${backend.service}`)?.endpoints ?? []).map(
        ({ worker = "" }) => worker.split("/")[1] ?? "",
      );

function toCall(request: Request) {
  const [path = "/", query = ""] = request.path.split("?");
  const headers = new Map(
    Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return {
    method: request.method,
    path,
    query: request.query ?? query,
    header: (name: string) => headers.get(name) ?? null,
  };
}

function gatewayRule(
  compiled: Compiled,
  gateway: string,
  port: number,
  request: Request,
): Rule | null {
  const { listeners } = chunk<GatewaysChunk>(compiled, "gateways") ?? { listeners: [] };
  const ours = listeners.filter((entry) => entry.gateway === gateway && entry.port === port);
  const host = request.host_header ?? request.host ?? "x.invalid";
  const [best] = candidateHosts(
    host,
    ours.map(({ hostname }) => hostname),
  );
  for (const entry of ours.filter(({ hostname }) => hostname === best)) {
    for (const candidate of candidateHosts(host, entry.hosts)) {
      const { table } = chunk<HostChunk>(
        compiled,
        `host:${gateway}/${entry.listener}/${candidate}`,
      )!;
      const rule = table.rules[matchRule(table, toCall(request))];
      if (rule) return rule;
    }
  }
  return null;
}

function meshRule(
  compiled: Compiled,
  { from, to }: NonNullable<Case["via"]["mesh"]>,
  file: File,
  request: Request,
): Rule | null {
  const [dialled = "", portText] = to.split(":");
  const service = serviceDialled(file, from.namespace, dialled);
  const entry = chunk<ServiceChunk>(compiled, `service:${service}`);
  const routes = entry?.consumer?.[from.namespace] ?? entry?.producer ?? [];
  const port = Number(portText ?? 80);
  const table = (
    routes.find((item) => item.port === port) ?? routes.find((item) => item.port === null)
  )?.table;
  if (!table) return { route: "", index: 0, backends: [{ service, port: null, weight: 1 }] };
  return table.rules[matchRule(table, toCall(request))] ?? null;
}

function serviceDialled(file: File, caller: string, dialled: string): string {
  const [name = "", at] = dialled.split(".");
  const found = file.backends.find(
    ({ service, namespace }) => service === name && (!at || namespace === at),
  );
  return `${found?.namespace ?? caller}/${name}`;
}
