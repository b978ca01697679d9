// A plain workerd process with Workers given as module texts; CPU time by the kernel's account of its threads.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import path from "node:path";

/** One Worker of the process. */
export interface BenchWorker {
  readonly name: string;
  readonly modules: Readonly<Record<string, string>>;
  /** By binding: another Worker, its entrypoint and the props on the binding. */
  readonly services: Readonly<Record<string, { to: string; entrypoint?: string; props?: unknown }>>;
  readonly texts: Readonly<Record<string, string>>;
}

export interface BenchProcess {
  /** Asks the Worker that takes the socket `name`. */
  ask(name: string, path: string): Promise<string>;
  /** CPU of all threads since birth, microseconds. */
  cpuUs(): number;
  close(): Promise<void>;
}

const COMPATIBILITY_DATE = "2026-10-20";
const FIRST_PORT = 42_000;

/** Starts workerd; every Worker in `exposed` gets a loopback socket of its own, all an inspector where a port is told. */
export async function startWorkerd(
  dir: string,
  workers: readonly BenchWorker[],
  exposed: readonly string[],
  inspectorPort?: number,
): Promise<BenchProcess> {
  mkdirSync(dir, { recursive: true });
  const base = FIRST_PORT + (process.pid % 20_000);
  const ports = new Map(exposed.map((name, index) => [name, base + index]));
  writeFileSync(path.join(dir, "config.capnp"), config(dir, workers, ports));
  const flags = inspectorPort === undefined ? [] : [`--inspector-addr=127.0.0.1:${inspectorPort}`];
  const child = spawn(
    "node_modules/.bin/workerd",
    ["serve", path.join(dir, "config.capnp"), ...flags],
    {
      stdio: ["ignore", process.env["BENCH_LOG"] === undefined ? "ignore" : "inherit", "inherit"],
    },
  );
  const ask = (name: string, at: string): Promise<string> => get(ports.get(name) ?? 0, at);
  for (const name of exposed) await untilUp(child, () => ask(name, "/up"));
  const pid = workerdPid(child);
  return {
    ask,
    cpuUs: () => cpuOf(pid),
    close: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve());
        child.kill("SIGTERM");
      }),
  };
}

/** The launcher may be a script that runs the binary as its child: the one with the sockets counts. */
function workerdPid(child: ChildProcess): number {
  const pid = child.pid ?? 0;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return children === "" ? pid : Number(children.split(" ")[0]);
}

function cpuOf(pid: number): number {
  let ns = 0;
  for (const task of readdirSync(`/proc/${pid}/task`))
    ns += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
  return ns / 1000;
}

async function untilUp(child: ChildProcess, probe: () => Promise<string>): Promise<void> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    try {
      await probe();
      return;
    } catch (error) {
      if (child.exitCode !== null || Date.now() > deadline) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
  }
}

function get(port: number, at: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path: at, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${at}: ${response.statusCode} ${text.slice(0, 400)}`));
      });
    });
    asked.on("error", reject);
    asked.end();
  });
}

function config(
  dir: string,
  workers: readonly BenchWorker[],
  ports: ReadonlyMap<string, number>,
): string {
  const services = workers.map(
    (worker) => `(name = ${q(worker.name)}, worker = .${id(worker.name)})`,
  );
  const sockets = [...ports].map(
    ([name, port]) =>
      `(name = ${q(name)}, address = "127.0.0.1:${port}", http = (), service = ${q(name)})`,
  );
  return [
    `using Workerd = import "/workerd/workerd.capnp";`,
    `const config :Workerd.Config = (services = [${services.join(", ")}], sockets = [${sockets.join(", ")}]);`,
    ...workers.map((worker) => workerText(dir, worker)),
  ].join("\n");
}

function workerText(dir: string, worker: BenchWorker): string {
  const modules = Object.entries(worker.modules).map(([name, text]) => {
    const file = `${worker.name}.${name}`;
    writeFileSync(path.join(dir, file), text);
    return `(name = ${q(name)}, esModule = embed ${q(file)})`;
  });
  const bindings = [
    ...Object.entries(worker.services).map(([name, { to, entrypoint, props }]) => {
      const point = entrypoint === undefined ? "" : `, entrypoint = ${q(entrypoint)}`;
      const json = props === undefined ? "" : `, props = (json = ${q(JSON.stringify(props))})`;
      return `(name = ${q(name)}, service = (name = ${q(to)}${point}${json}))`;
    }),
    ...Object.entries(worker.texts).map(([name, text]) => `(name = ${q(name)}, text = ${q(text)})`),
  ];
  return `const ${id(worker.name)} :Workerd.Worker = (modules = [${modules.join(", ")}], bindings = [${bindings.join(", ")}], compatibilityDate = ${q(COMPATIBILITY_DATE)});`;
}

const q = (text: string): string => JSON.stringify(text);
const id = (name: string): string => name.replaceAll(/[^a-zA-Z0-9]/g, "x");
