// What `npm start` runs: the demo shop as a mesh, with a small load on it, until it is told to end.
// On stdout the ready object of `heddle dev`, one line; all that is for people goes to stderr.
import { once } from "node:events";
import net from "node:net";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type DevMesh, startDev } from "./dev/dev.ts";
import { CliError, EXIT, type ExitCode } from "./exit.ts";
import { processIo, type Io } from "./io.ts";
import { type LoadStats, startLoad } from "./load.ts";
import { report } from "./output/complain.ts";

const USAGE = `Usage: npm start -- [options]

Runs the demo shop on this machine, with a small load on it. Ctrl-C ends it.

  --port <n>          port of the shop (default: 8080 if it is free, else any)
  --control-port <n>  port of control (default: any)
  --rps <n>           requests per second of the load (default: 5)
  --seed <n>          seed of the load (default: 1)
  --no-load           no load
  --fresh             forget what an earlier run kept
  --ready-file <f>    also write the ready object to this file
  --project <dir>     a copy of the shop to run in its place
  -h, --help          show this
`;

const SHOP = fileURLToPath(new URL("../workers/shop", import.meta.url));
const HOME_PORT = 8080;
const PROGRESS_MS = process.stderr.isTTY ? 5000 : 30_000;
const END_MS = 15_000;

export interface StartOptions {
  /** Folder of the shop's mesh.yaml. */
  readonly project: string;
  /** Null: 8080 if it is free, else any. */
  readonly port: number | null;
  readonly controlPort: number;
  /** 0 is no load. */
  readonly rps: number;
  readonly seed: number;
  readonly fresh: boolean;
  readonly readyFile?: string;
}

/** Runs the shop until SIGINT, SIGTERM or SIGHUP. */
export async function start(args: readonly string[], io: Io): Promise<ExitCode> {
  try {
    const options = readOptions(args);
    if (options !== "help") return await runShop(options, io);
    io.out(USAGE);
    return EXIT.ok;
  } catch (error) {
    return report(io, error);
  }
}

/** Reads the command line; throws a CliError that names the option it cannot read. */
export function readOptions(args: readonly string[]): StartOptions | "help" {
  const { values } = parse(args);
  if (values.help) return "help";
  return {
    project: values.project === undefined ? SHOP : path.resolve(values.project),
    port: values.port === undefined ? null : number("--port", values.port, 0, 65_535),
    controlPort: number("--control-port", values["control-port"], 0, 65_535),
    rps: values["no-load"] ? 0 : number("--rps", values.rps, 0, 1000),
    seed: number("--seed", values.seed, 0, 2 ** 32 - 1),
    fresh: values.fresh,
    ...(values["ready-file"] === undefined
      ? {}
      : { readyFile: path.resolve(values["ready-file"]) }),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        project: { type: "string" },
        port: { type: "string" },
        "control-port": { type: "string", default: "0" },
        rps: { type: "string", default: "5" },
        seed: { type: "string", default: "1" },
        "no-load": { type: "boolean", default: false },
        fresh: { type: "boolean", default: false },
        "ready-file": { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.usage, { message, mend: "See `npm start -- --help`." }, error);
  }
}

function number(name: string, text: string, from: number, to: number): number {
  const value = Number(text);
  const isWhole = name === "--rps" || Number.isInteger(value);
  if (text.trim() !== "" && isWhole && value >= from && value <= to) return value;
  throw new CliError(EXIT.usage, {
    message: `${name} is a number from ${from} to ${to}, not ${JSON.stringify(text)}`,
  });
}

async function runShop(options: StartOptions, io: Io): Promise<ExitCode> {
  const ending = new AbortController();
  const isAsked = untilAsked(io).then(() => {
    ending.abort();
    setTimeout(() => process.exit(EXIT.failed), END_MS).unref();
    return true;
  });
  const say = (line: string): void => io.err(`${line}\n`);
  say("Starting the shop ...");
  const dev = await openShop(options, say, ending.signal);
  if (dev === null) return EXIT.ok;
  io.err(guide(dev.ready, path.relative(io.cwd, options.project) || "."));
  io.out(`${JSON.stringify(dev.ready)}\n`);

  const progress = options.rps > 0 ? watchLoad(dev.ready.gateway, options, say) : null;
  const wasAsked = await Promise.race([isAsked, dev.closed.then(() => false)]);
  say(wasAsked ? "\nEnding ..." : "\nThe mesh ended by itself.");
  await progress?.stop();
  await dev.close();
  return wasAsked ? EXIT.ok : EXIT.failed;
}

/** Starts the mesh of the shop; null if it was to end before it was up. */
async function openShop(
  { project, port, controlPort, fresh, readyFile }: StartOptions,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<DevMesh | null> {
  try {
    return await startDev({
      project,
      port: port ?? ((await isFree(HOME_PORT)) ? HOME_PORT : 0),
      controlPort,
      fresh,
      quiet: true,
      log,
      signal,
      ...(readyFile === undefined ? {} : { readyFile }),
    });
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

/** Resolves at the first SIGINT, SIGTERM or SIGHUP; later ones change nothing. */
async function untilAsked(io: Io): Promise<void> {
  await new Promise<void>((resolve) => {
    io.onStop(resolve);
    process.on("SIGHUP", () => resolve());
  });
}

/** Starts the load and says every few seconds how it goes. */
function watchLoad(
  url: string,
  options: StartOptions,
  say: (line: string) => void,
): { stop(): Promise<void> } {
  let last: LoadStats | null = null;
  const load = startLoad({
    url,
    rps: options.rps,
    seed: options.seed,
    onStats: (stats) => {
      last = stats;
    },
  });
  const timer = setInterval(() => {
    if (last !== null) say(progressLine(last));
  }, PROGRESS_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      say(progressLine(await load.stop()));
    },
  };
}

/** `1,204 requests, 0 errors, reviews v2 for 10.3 %`. */
export function progressLine(stats: LoadStats): string {
  const { v1 = 0, v2 = 0 } = stats.reviews;
  const share = v1 + v2 === 0 ? "no reviews yet" : `reviews v2 for ${percent(v2, v1 + v2)}`;
  const dropped = stats.dropped === 0 ? "" : `, ${stats.dropped} not sent (too many unanswered)`;
  return `  ${stats.sent.toLocaleString("en")} requests, ${stats.errors} errors${dropped}, ${share}`;
}

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`;

/** Where to look and what to try. */
export function guide(
  ready: { readonly gateway: string; readonly control: string; readonly token: string },
  folder: string,
): string {
  return `
The shop is open:  ${ready.gateway}
  One visitor in ten sees reviews v2, and keeps it. The page says which one answered.

Things to try, in another terminal:
  cd ${folder}

  # what steers the mesh
  npx heddle get routes

  # half of the visitors on v2 (mesh/reviews.yaml says 90 to 10), then back
  npx heddle apply -f try/reviews-half.yaml --wait
  npx heddle apply -f mesh/reviews.yaml --wait

  # v2 for whoever asks for it
  npx heddle apply -f try/reviews-tester.yaml --wait
  curl -H 'x-tester: yes' ${ready.gateway}/api/reviews/loom

  # take control away for half a minute: the shop goes on
  curl -X POST -H 'authorization: Bearer ${ready.token}' \\
    -d '{"target":"control","mode":"down","for":"30s"}' ${ready.control}/dev/faults

  # how often each Worker ran, and what it asked of KV and objects
  curl -H 'authorization: Bearer ${ready.token}' ${ready.control}/dev/counters

Ctrl-C ends it.

`;
}

async function isFree(port: number): Promise<boolean> {
  const server = net.createServer();
  try {
    server.listen({ host: "127.0.0.1", port, exclusive: true });
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

if (import.meta.main) process.exit(await start(process.argv.slice(2), processIo()));
