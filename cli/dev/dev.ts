// Owns `heddle dev` from end to end: the order in which a mesh comes up, follows its files, and goes down.
import { randomBytes } from "node:crypto";
import { CliError, EXIT } from "../exit.ts";
import { loadProject, type Project } from "../project/load.ts";
import { SYSTEM } from "../weave/system.ts";
import { closeBuilders } from "./build.ts";
import { openControlServer, type ControlServer } from "./control-server.ts";
import { createDesk } from "./desk.ts";
import { everyMinute } from "./every-minute.ts";
import { createFollower, type Follower } from "./follower.ts";
import { createGatewayPorts } from "./gateway-ports.ts";
import { startLoom, type Loom } from "./loom.ts";
import { openListener, type Listener, type Target } from "./ports.ts";
import { openReadyFile } from "./ready-file.ts";
import { openState } from "./state.ts";
import { createTeller } from "./teller.ts";
import { VISITOR_HEADERS } from "./visitor.ts";

/** What a dev mesh is started with. */
export interface DevOptions {
  /** Folder of mesh.yaml. */
  readonly project: string;
  /** Folder whose `.heddle` holds state and builds. Default: the project's. */
  readonly home?: string;
  /** Port of the gateway; 0 picks a free one. */
  readonly port: number;
  /** Port of control; 0 picks a free one. */
  readonly controlPort: number;
  /** Also gets the ready object, for as long as the mesh is up. */
  readonly readyFile?: string;
  /** Forget what an earlier run kept. Default: no. */
  readonly fresh?: boolean;
  /** Leave out what Workers print, but for errors. Default: no. */
  readonly quiet?: boolean;
  /** Length of a key epoch, ms, to see them pass. Default: an hour. */
  readonly epochMs?: number;
  /** Gets everything said to a person, line by line. */
  readonly log: (line: string) => void;
  /** Aborted while the mesh starts: it does not. */
  readonly signal?: AbortSignal;
}

/** Where a dev mesh is reached; what `heddle dev` prints when everything answers. */
export interface Ready {
  readonly gateway: string;
  readonly control: string;
  readonly dashboard: string | null;
  readonly token: string;
}

/** A running dev mesh. */
export interface DevMesh {
  readonly ready: Ready;
  /** Settles once the mesh is down. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/** Starts the mesh of a project; rejects with what is wrong, and then nothing of it runs. */
export async function startDev(options: DevOptions): Promise<DevMesh> {
  const undo: (() => Promise<void> | void)[] = [closeBuilders];
  const close = once(async () => {
    for (const step of undo.reverse()) await step();
  });
  try {
    const ready = await comeUp(options, (step) => undo.push(step));
    const closed = Promise.withResolvers<void>();
    undo.unshift(() => closed.resolve());
    return { ready, closed: closed.promise, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type Later = (step: () => Promise<void> | void) => void;

async function comeUp(options: DevOptions, later: Later): Promise<Ready> {
  const { signal, log } = options;
  const project = await loadProject(options.project);
  const state = openState(options.home ?? project.dir, options.fresh ?? false);
  later(state.leave);
  const readyFile = openReadyFile(options.readyFile, later);
  const tell = createTeller(log, options.quiet ?? false);
  const desk = createDesk(state.dir);
  // The ports come first: one that is taken is told before anything is built.
  const up: { loom?: Loom; follower?: Follower } = {};
  const listenerKey = randomBytes(16).toString("base64url");
  const target = (): Target => {
    if (!up.loom) throw new Error("the mesh is starting");
    const { hostname, port } = up.loom.runtime.url(SYSTEM.gateway);
    return { host: hostname, port: Number(port) };
  };
  const gateway = await opened(
    "--port",
    options.port,
    async (port) => await openListener({ port, target, headers: VISITOR_HEADERS }),
  );
  later(gateway.close);
  const control = await opened(
    "--control-port",
    options.controlPort,
    async (port) =>
      await openControlServer({
        port,
        token: state.token,
        upstream: () => (up.loom ? new URL(up.loom.control.control) : undefined),
        effect: desk.controlEffect,
        answerDev: (route, body) => up.follower && desk.answer(up.follower.mesh, route, body),
        onChange: async () => await up.follower?.onChange(),
      }),
  );
  later(control.close);
  const ports = createGatewayPorts(listenerKey, target);
  later(ports.close);

  signal?.throwIfAborted();
  const loom = await startLoom(project, {
    state,
    listenerKey,
    epochMs: options.epochMs,
    node: desk.node,
    onLog: tell.fromWorkers,
  });
  up.loom = loom;
  later(loom.runtime.close);
  later(everyMinute(() => loom.runtime.scheduled(SYSTEM.control, "* * * * *")));
  signal?.throwIfAborted();
  const follower = (up.follower = createFollower({ project, loom, desk, ports, state, tell }));
  later(follower.close);
  await follower.begin();
  signal?.throwIfAborted();

  const ready = readyObject(gateway, control, state.token);
  state.announce(ready.control);
  readyFile.announce(ready);
  tell.line(summary(project, ready));
  return ready;
}

const readyObject = (gateway: Listener, control: ControlServer, token: string): Ready => ({
  gateway: gateway.url.origin,
  control: control.url,
  dashboard: null,
  token,
});

/** Says which option to change when a port is taken. */
async function opened<T>(
  option: string,
  port: number,
  open: (port: number) => Promise<T>,
): Promise<T> {
  try {
    return await open(port);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "EADDRINUSE" && code !== "EACCES") throw error;
    const why = code === "EACCES" ? "needs more rights" : "is in use";
    const mend = `Choose another with ${option}; 0 picks a free one.`;
    throw new CliError(EXIT.failed, { message: `port ${port} on 127.0.0.1 ${why}`, mend }, error);
  }
}

function summary({ mesh, workers }: Project, { gateway, control }: Ready): string {
  return `mesh ${mesh.name}: ${workers.length} Workers; gateway ${gateway}, control ${control}`;
}

function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return async () => await (done ??= action());
}
