// Owns the child processes that build: at most two, started when needed, gone when nobody built for a while.
import { fork, type ChildProcess } from "node:child_process";
import path from "node:path";
import { wranglerEnv } from "./build-command.ts";
import type { HostReply, HostRequest } from "./build-host.ts";

const maxHosts = 2;
/** A host takes 0.6 s of CPU to start and 25 ms to build, so a second one is for long queues only. */
const queueForSecond = 24;
const idleMs = 60_000;

interface Job {
  readonly request: HostRequest;
  readonly cacheDir: string;
  readonly done: (reply: HostReply) => void;
}

interface Host {
  readonly child: ChildProcess;
  job: Job | undefined;
  idle: NodeJS.Timeout | undefined;
}

const hosts = new Set<Host>();
const queue: Job[] = [];
let lastId = 0;

/** Starts a host in good time: wrangler loads there while this process does something else. */
export function warmBuilders(cacheDir: string): void {
  if (hosts.size === 0) give(start(cacheDir));
}

/** Builds in a host; never rejects: a host that dies leaves the build to the wrangler command. */
export async function buildInHost(
  request: Omit<HostRequest, "id">,
  cacheDir: string,
): Promise<HostReply> {
  lastId += 1;
  const id = lastId;
  return await new Promise((done) => {
    queue.push({ request: { id, ...request }, cacheDir, done });
    assign();
  });
}

/** Ends the hosts; builds that run are left to the wrangler command. */
export async function closeBuilders(): Promise<void> {
  const gone = [...hosts].map(async ({ child }) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    await new Promise((resolve) => {
      // An idle host is not waited for unless it is held.
      child.ref();
      child.once("exit", resolve);
      child.kill();
    });
  });
  await Promise.all(gone);
}

function assign(): void {
  for (const host of hosts) {
    if (!host.job) give(host);
  }
  const isWanted = hosts.size === 0 ? queue.length > 0 : queue.length >= queueForSecond;
  if (isWanted && hosts.size < maxHosts) give(start(queue[0]?.cacheDir ?? ""));
}

function give(host: Host): void {
  const job = queue.shift();
  clearTimeout(host.idle);
  host.job = job;
  if (job) {
    keepAlive(host, true);
    host.child.send(job.request);
    return;
  }
  // An idle host does not keep this process from ending, nor itself for long.
  keepAlive(host, false);
  host.idle = setTimeout(() => host.child.kill(), idleMs).unref();
}

function keepAlive({ child }: Host, isKept: boolean): void {
  if (isKept) {
    child.ref();
    child.channel?.ref();
  } else {
    child.unref();
    child.channel?.unref();
  }
}

function start(cacheDir: string): Host {
  // `.ts` in the checkout, `.js` where Heddle was compiled.
  const file = path.join(import.meta.dirname, `build-host${path.extname(import.meta.filename)}`);
  const child = fork(file, [], {
    env: wranglerEnv(cacheDir),
    execArgv: ["--no-warnings"],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  const host: Host = { child, job: undefined, idle: undefined };
  hosts.add(host);
  child.on("message", (message) => {
    if (message === "ready" || !host.job) return;
    const { job } = host;
    host.job = undefined;
    give(host);
    job.done(message as HostReply);
  });
  const end = (): void => {
    hosts.delete(host);
    const { job } = host;
    host.job = undefined;
    if (job)
      job.done({ id: job.request.id, said: "", is: "unsure", message: "the build process ended" });
    assign();
  };
  child.once("error", end);
  child.once("exit", end);
  return host;
}
