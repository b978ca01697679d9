// A plain workerd process with Workers given as module texts; CPU time by the kernel's account of its threads.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

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
/** The descriptor workerd writes to which socket took which port. */
const CONTROL_FD = 3;

/** Starts workerd; every Worker in `exposed` gets a loopback socket of its own, all an inspector where a port is told. */
export async function startWorkerd(
  dir: string,
  workers: readonly BenchWorker[],
  exposed: readonly string[],
  inspectorPort?: number,
): Promise<BenchProcess> {
  mkdirSync(dir, { recursive: true });
  writeFileSync(path.join(dir, "config.capnp"), config(dir, workers, exposed));
  const flags = inspectorPort === undefined ? [] : [`--inspector-addr=127.0.0.1:${inspectorPort}`];
  const child = spawn(
    "node_modules/.bin/workerd",
    ["serve", path.join(dir, "config.capnp"), `--control-fd=${CONTROL_FD}`, ...flags],
    {
      stdio: [
        "ignore",
        process.env["BENCH_LOG"] === undefined ? "ignore" : "inherit",
        "inherit",
        "pipe",
      ],
    },
  );
  const ports = await portsOf(child, exposed.length);
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

/** Ports are the system's choice: each socket tells its own in a line of JSON. */
async function portsOf(child: ChildProcess, count: number): Promise<ReadonlyMap<string, number>> {
  const ports = new Map<string, number>();
  const told = child.stdio[CONTROL_FD] as Readable;
  for await (const line of createInterface({ input: told })) {
    const { event, socket, port } = JSON.parse(line) as Told;
    if (event === "listen") ports.set(socket, port);
    if (ports.size === count) return ports;
  }
  throw new Error(`workerd ended with ${ports.size} of ${count} sockets open`);
}

/** One line of the control descriptor. */
interface Told {
  readonly event: string;
  readonly socket: string;
  readonly port: number;
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

function config(dir: string, workers: readonly BenchWorker[], exposed: readonly string[]): string {
  const services = workers.map(
    (worker) => `(name = ${q(worker.name)}, worker = .${id(worker.name)})`,
  );
  const sockets = exposed.map(
    (name) => `(name = ${q(name)}, address = "127.0.0.1:0", http = (), service = ${q(name)})`,
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
