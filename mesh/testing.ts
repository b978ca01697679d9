// `heddle/testing`: a whole mesh inside a test, on loopback, as `heddle dev` runs it (docs/testing.md). Node code.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { stringify } from "yaml";
import type { WorkerCounts } from "../cli/dev/counters.ts";
import { startDev, type DevMesh } from "../cli/dev/dev.ts";
import type { FaultMode } from "../cli/dev/fault-board.ts";
import { loopbackFetch } from "../cli/dev/loopback-fetch.ts";
import { runCli } from "../cli/program.ts";
import type { StoredResource } from "./contract/stored.ts";

export type { StoredResource } from "./contract/stored.ts";
export type { WorkerCounts } from "../cli/dev/counters.ts";

/** A project as it lies on disk. */
export interface ProjectOptions {
  /** Folder of mesh.yaml. */
  readonly project: string;
}

/** Workers named in the test itself. */
export interface WorkersOptions {
  /** By name: a folder or wrangler file, or the Worker's source. */
  readonly workers: Readonly<Record<string, string | InlineWorker>>;
  /** What `apply` takes; in place before the first request. */
  readonly resources?: Resources;
  /** The Worker that the gateway leads to, whatever host is asked. Default: what `resources` say. */
  readonly entry?: string;
}

/** A Worker of one module. */
export interface InlineWorker {
  /** TypeScript or JavaScript. */
  readonly script: string;
  /** Service bindings: name in `env` to service of the mesh. */
  readonly services?: Readonly<Record<string, string>>;
  /** More of what a wrangler file may say. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** YAML text (of several lines), a file or folder, or objects. */
export type Resources = string | object | readonly object[];

export type MeshOptions = (ProjectOptions | WorkersOptions) & {
  /** Gets everything that Workers print and the mesh says, line by line. Default: nobody. */
  readonly log?: (line: string) => void;
};

/** A request to the gateway; the URL's host says which host it is for. */
export interface GatewayRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
}

/** One fault: docs/testing.md has the targets and modes. */
export interface Fault {
  readonly target: string;
  readonly mode: FaultMode;
  /** Of the calls, 0 to 1. Default: 1. */
  readonly share?: number;
  /** How slow. Default: 1000. */
  readonly ms?: number;
  /** Milliseconds, or a duration such as `30s`. Default: until `ok`. */
  readonly for?: number | string;
}

/** A running mesh. */
export interface Mesh {
  /** Base URLs and the token of control. */
  readonly gateway: string;
  readonly control: string;
  readonly token: string;
  /** Asks the gateway, as a client outside would; redirects are not followed. */
  fetch(url: string, request?: GatewayRequest): Promise<Response>;
  /** Creates or changes resources and waits until every Worker uses them; rejects with what is wrong. */
  apply(resources: Resources): Promise<void>;
  /** One resource, with its status; kinds as on the command line. Namespace: `default`. */
  get(kind: string, name: string, namespace?: string): Promise<StoredResource>;
  /** Puts faults in place and answers those in force. */
  faults(...faults: readonly Fault[]): Promise<readonly unknown[]>;
  /** By workload `namespace/name`, counted by the runtime and not by the mesh. */
  counters(): Promise<Readonly<Record<string, WorkerCounts>>>;
  resetCounters(): Promise<void>;
  /** Clears the mesh's memory in one Worker, or starts every isolate anew. */
  restart(workload?: string): Promise<void>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What wrangler files of inline Workers say where they say nothing themselves. */
const COMPATIBILITY_DATE = "2026-10-20";

/** Starts a mesh of its own: state and builds lie in a temporary folder, and nothing is left when it is closed. */
export async function startMesh(options: MeshOptions): Promise<Mesh> {
  const home = mkdtempSync(path.join(tmpdir(), "heddle-test-"));
  const remove = (): void => rmSync(home, { recursive: true, force: true });
  try {
    const project = "project" in options ? options.project : writeProject(home, options);
    const log = options.log ?? ((): void => undefined);
    const dev = await startDev({ project, home, port: 0, controlPort: 0, log });
    return meshOf(dev, remove);
  } catch (error) {
    remove();
    throw error;
  }
}

function meshOf(dev: DevMesh, remove: () => void): Mesh {
  const { gateway, control, token } = dev.ready;
  const close = async (): Promise<void> => {
    await dev.close();
    remove();
  };
  const setFault = (fault: Fault) => askDev<{ active: unknown[] }>(dev, "POST faults", fault);
  return {
    gateway,
    control,
    token,
    fetch: (url, request) => loopbackFetch(new URL(gateway), new URL(url, gateway).href, request),
    apply: async (resources) => {
      const from = isFile(resources) ? [resources, ""] : ["-", textOf(resources)];
      await heddle(dev, ["apply", "--wait", "-f", from[0] ?? ""], from[1]);
    },
    get: async (kind, name, namespace = "default") =>
      JSON.parse(
        await heddle(dev, ["get", kind, name, "-n", namespace, "-o", "json"]),
      ) as StoredResource,
    faults: async (...faults) => {
      for (const fault of faults) await setFault(fault);
      return (await askDev<{ active: unknown[] }>(dev, "GET faults")).active;
    },
    counters: async () =>
      (await askDev<{ workers: Record<string, WorkerCounts> }>(dev, "GET counters")).workers,
    resetCounters: async () => void (await askDev(dev, "DELETE counters")),
    restart: async (workload = "*") =>
      void (await setFault({ target: `isolate:${workload}`, mode: "restart" })),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Runs a command against this mesh; answers what it printed, rejects with what it complained of. */
async function heddle(
  { ready }: DevMesh,
  args: readonly string[],
  input: string = "",
): Promise<string> {
  let [out, err] = ["", ""];
  const exit = await runCli(args, {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    stdin: () => Promise.resolve(input),
    env: { HEDDLE_CONTROL: ready.control, HEDDLE_TOKEN: ready.token },
    cwd: process.cwd(),
    hasColor: false,
    onStop: () => undefined,
  });
  if (exit !== 0) throw new Error(err.trim() || `heddle ${args[0]} ended with ${exit}`);
  return out;
}

async function askDev<T>({ ready }: DevMesh, route: string, body?: object): Promise<T> {
  const [method = "", name = ""] = route.split(" ");
  const answer = await fetch(`${ready.control}/dev/${name}`, {
    method,
    headers: { authorization: `Bearer ${ready.token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} /dev/${name}: ${answer.status} ${text}`);
  return JSON.parse(text) as T;
}

/** Writes the project of Workers named in a test, and answers its folder. */
function writeProject(home: string, options: WorkersOptions): string {
  const { workers, resources, entry } = options;
  const paths = Object.entries(workers).map(([name, worker]) =>
    typeof worker === "string"
      ? { path: path.resolve(worker), name }
      : { path: writeWorker(home, name, worker) },
  );
  const files = writeResources(home, [...(entry === undefined ? [] : [entryTo(entry)]), resources]);
  const spec = { trustDomain: "test.example", workers: paths, resources: files };
  const mesh = { apiVersion: "heddle.dev/v1", kind: "Mesh", metadata: { name: "test" }, spec };
  writeFileSync(path.join(home, "mesh.yaml"), stringify(mesh));
  return home;
}

/** Their files, as mesh.yaml names them. */
function writeResources(home: string, given: readonly (Resources | undefined)[]): string[] {
  return given
    .filter((one) => one !== undefined)
    .map((one, index) => {
      if (isFile(one)) return path.resolve(one);
      writeFileSync(path.join(home, `resources-${index}.yaml`), textOf(one));
      return `resources-${index}.yaml`;
    });
}

function writeWorker(home: string, name: string, worker: InlineWorker): string {
  const folder = path.join(home, "workers", name);
  const services = Object.entries(worker.services ?? {});
  const config = {
    name,
    main: "index.ts",
    compatibility_date: COMPATIBILITY_DATE,
    services: services.map(([binding, service]) => ({ binding, service })),
    ...worker.config,
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "index.ts"), worker.script);
  writeFileSync(path.join(folder, "wrangler.json"), JSON.stringify(config));
  return folder;
}

function entryTo(worker: string): readonly object[] {
  const listeners = [{ name: "http", port: 80, protocol: "HTTP" }];
  const rules = [{ backendRefs: [{ name: worker, port: 80 }] }];
  const made = { apiVersion: "gateway.networking.k8s.io/v1", metadata: { name: "entry" } };
  return [
    { ...made, kind: "Gateway", spec: { gatewayClassName: "heddle", listeners } },
    { ...made, kind: "HTTPRoute", spec: { parentRefs: [{ name: "entry" }], rules } },
  ];
}

const isFile = (resources: Resources): resources is string =>
  typeof resources === "string" && !resources.includes("\n");

function textOf(resources: Resources): string {
  if (typeof resources === "string") return resources;
  const list: readonly object[] = Array.isArray(resources) ? resources : [resources];
  return list.map((one) => stringify(one)).join("---\n");
}
