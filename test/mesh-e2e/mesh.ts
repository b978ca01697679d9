// Owns a dev mesh under test: started in this process, asked over its gateway, steered by the CLI and /dev/*.
import { cpSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { startDev, type DevOptions, type Ready } from "../../cli/dev/dev.ts";
import type { WorkerCounts } from "../../cli/dev/counters.ts";
import { runCli } from "../../cli/program.ts";
import type { Answer } from "../conformance/meshconf/answer.ts";
import { closeConnections, send } from "../conformance/meshconf/wire.ts";
import { type Document, hostOf, writeProject } from "./project.ts";

const ROOT = path.join(import.meta.dirname, "../..");
const SCRATCH = path.join(ROOT, ".heddle/e2e");

/** What a command came to. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** One request to a caller, or to the shop where no caller is named. */
export interface Question {
  readonly caller?: string;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A running dev mesh. */
export interface Mesh {
  readonly folder: string;
  readonly ready: Ready;
  /** Everything `heddle dev` said so far. */
  readonly said: readonly string[];
  readonly ask: (question: Question) => Promise<Answer>;
  /** Runs `heddle apply -f -` with these flags. */
  readonly apply: (documents: readonly Document[], ...flags: readonly string[]) => Promise<Ran>;
  /** Asks the control URL with its token; rejects unless it answers 2xx. */
  readonly control: <T>(route: string, body?: unknown) => Promise<T>;
  readonly fault: (target: string, mode: string, more?: object) => Promise<void>;
  readonly counters: () => Promise<Readonly<Record<string, WorkerCounts>>>;
  readonly close: () => Promise<void>;
}

/** Starts the generated project, with more resources than its own; `more` writes what else is in its folder. */
export async function startProject(
  name: string,
  extra: readonly Document[] = [],
  spec: Readonly<Record<string, unknown>> = {},
  options: Pick<DevOptions, "epochMs"> = {},
  more: (folder: string) => void = () => undefined,
): Promise<Mesh> {
  const folder = path.join(SCRATCH, name);
  writeProject(folder, extra, spec);
  more(folder);
  return start(folder, options);
}

/** Starts a copy of the shop. */
export async function startShop(name: string): Promise<Mesh> {
  return start(copyShop(name));
}

/** A copy of the shop without what runs left in it; below the checkout, so that its packages are found. */
export function copyShop(name: string): string {
  const folder = path.join(SCRATCH, name);
  const shop = path.join(ROOT, "workers/shop");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(SCRATCH, { recursive: true });
  cpSync(shop, folder, {
    recursive: true,
    filter: (file) => !/\.(heddle|wrangler)(\/|$)/.test(path.relative(shop, file)),
  });
  return folder;
}

async function start(folder: string, more: Pick<DevOptions, "epochMs"> = {}): Promise<Mesh> {
  const said: string[] = [];
  const log = (line: string): void => void said.push(line);
  const dev = await startDev({
    project: folder,
    port: 0,
    controlPort: 0,
    fresh: true,
    log,
    ...more,
  });
  const { ready } = dev;
  const control = async <T>(route: string, body?: unknown): Promise<T> =>
    askControl(ready, route, body);
  return {
    folder,
    ready,
    said,
    control,
    ask: (question) => ask(ready, question),
    apply: (documents, ...flags) => apply(folder, ready, documents, flags),
    fault: async (target, mode, more = {}) => {
      await control("POST /dev/faults", { target, mode, ...more });
    },
    counters: async () =>
      (await control<{ workers: Record<string, WorkerCounts> }>("GET /dev/counters")).workers,
    close: async () => {
      closeConnections();
      await dev.close();
    },
  };
}

function ask({ gateway }: Ready, question: Question): Promise<Answer> {
  const { caller, path: target, method = "GET", headers = {}, body } = question;
  const { host: address } = new URL(gateway);
  const host = caller === undefined ? address : hostOf(caller);
  return send({
    address,
    method,
    target,
    headers: Object.entries({ Host: host, ...headers }),
    ...(body === undefined ? {} : { body }),
  });
}

async function askControl<T>({ control, token }: Ready, route: string, body: unknown): Promise<T> {
  const [method = "GET", target = "/"] = route.split(" ");
  const answer = await fetch(`${control}${target}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${route}: ${answer.status} ${text}`);
  return JSON.parse(text) as T;
}

async function apply(
  cwd: string,
  { control, token }: Ready,
  documents: readonly Document[],
  flags: readonly string[],
): Promise<Ran> {
  let [out, err] = ["", ""];
  const code = await runCli(["apply", "-f", "-", ...flags], {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    stdin: () => Promise.resolve(documents.map((one) => JSON.stringify(one)).join("\n---\n")),
    env: { HEDDLE_CONTROL: control, HEDDLE_TOKEN: token },
    cwd,
    hasColor: false,
    onStop: () => undefined,
  });
  return { code, out, err };
}

/** Does `count` things, at most `width` at a time; answers in order. */
export async function inParallel<T>(
  count: number,
  width: number,
  run: (index: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      results[index] = await run(index);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return results;
}

/** Does `count` things spread evenly over a time, each at its moment whatever the others do. */
export async function paced<T>(
  count: number,
  overMs: number,
  run: (index: number) => Promise<T>,
): Promise<T[]> {
  const startMs = performance.now();
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const dueMs = startMs + (index * overMs) / count - performance.now();
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs)));
      return run(index);
    }),
  );
}

/** What a steady stream came to. */
export interface Streamed<T> {
  readonly results: readonly T[];
  /** How many a second were begun. */
  readonly perSecond: number;
}

/** Under way at once, at most: what a busy machine does not get done is not begun. */
const MOST_UNDERWAY = 100;

/** Does a thing so often a second until it is stopped, whatever the others do. */
export function steady<T>(perSecond: number, run: (index: number) => Promise<T>) {
  const startMs = performance.now();
  const begun: Promise<T>[] = [];
  let underway = 0;
  const ended = (): void => void underway--;
  const timer = setInterval(() => {
    const due = Math.ceil(((performance.now() - startMs) * perSecond) / 1000);
    for (; begun.length < due && underway < MOST_UNDERWAY; underway++) {
      const one = run(begun.length);
      one.then(ended, ended);
      begun.push(one);
    }
  }, 5);
  return {
    count: (): number => begun.length,
    async stop(): Promise<Streamed<T>> {
      clearInterval(timer);
      const tookMs = performance.now() - startMs;
      const results = await Promise.all(begun);
      return { results, perSecond: (results.length * 1000) / tookMs };
    },
  };
}
