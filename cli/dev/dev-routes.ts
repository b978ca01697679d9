// Owns /dev/faults, /dev/counters, /dev/mesh and /dev/poke: what they take and what they answer.
import type { Counters } from "./counters.ts";
import type { DevAnswer } from "./control-server.ts";
import type { FaultBoard, FaultRequest } from "./fault-board.ts";
import { readFault, type FaultScope } from "./fault-request.ts";
import type { ObjectEvents } from "./questions.ts";
import type { Visit } from "./worker/index.ts";

/** What the routes act on. */
export interface DevControls {
  readonly board: FaultBoard;
  readonly counters: Counters;
  readonly events: ObjectEvents;
  /** Another key-encryption key for the objects, in the state folder too. */
  rekey(): void;
  readonly scope: () => FaultScope;
  /** Takes the counts of dev's Worker into the counters once no more arrive. */
  readonly settleCounts: () => Promise<void>;
  /** Has Workers sync, clears the mesh's state in one, or reads what their isolates count themselves. */
  readonly visit: (
    action: "poke" | "reset" | "mesh",
    workload?: string,
  ) => Promise<readonly Visit[]>;
  /** A real reload: all isolates start anew. */
  readonly restart: () => Promise<void>;
}

/** Answers `METHOD /dev/name`; undefined where there is no such thing. */
export function answerDev(
  controls: DevControls,
  route: string,
  body: unknown,
): Promise<DevAnswer> | undefined {
  switch (route) {
    case "GET /dev/faults":
      return Promise.resolve(active(controls));
    case "POST /dev/faults":
      return setFault(controls, body);
    case "GET /dev/counters":
      return counts(controls);
    case "DELETE /dev/counters":
      return reset(controls);
    case "GET /dev/mesh":
      return ownCounts(controls);
    case "POST /dev/poke":
      return poke(controls);
    default:
      return undefined;
  }
}

const active = ({ board }: DevControls): DevAnswer => ({
  ok: true,
  body: { active: board.active(Date.now()) },
});

async function setFault(controls: DevControls, body: unknown): Promise<DevAnswer> {
  const reading = readFault(body, controls.scope());
  if (!reading.ok) return { ok: false, status: 400, message: reading.message };
  await put(controls, reading.request);
  return active(controls);
}

async function put(controls: DevControls, request: FaultRequest): Promise<void> {
  const { target, mode } = request;
  if (mode === "rekey") {
    controls.rekey();
  } else if (mode !== "restart" && mode !== "evict") {
    controls.board.set(request, Date.now());
  } else if (target.startsWith("objects")) {
    controls.events.add(target, mode);
  } else if (target === "control" || target === "isolate:*") {
    await controls.restart();
  } else {
    await controls.visit("reset", target.slice("isolate:".length));
  }
}

async function counts(controls: DevControls): Promise<DevAnswer> {
  await controls.settleCounts();
  return { ok: true, body: { workers: controls.counters.read(controls.scope().workloads) } };
}

async function reset(controls: DevControls): Promise<DevAnswer> {
  await controls.settleCounts();
  controls.counters.reset();
  return { ok: true, body: { workers: controls.counters.read(controls.scope().workloads) } };
}

/** The data plane's own counters since each isolate was born; a Worker outside the mesh has none. */
async function ownCounts(controls: DevControls): Promise<DevAnswer> {
  const visits = await controls.visit("mesh");
  const known = visits.flatMap(({ workload, result }) =>
    result === undefined ? [] : [[workload, result]],
  );
  return { ok: true, body: { workers: Object.fromEntries(known) as unknown } };
}

async function poke(controls: DevControls): Promise<DevAnswer> {
  return { ok: true, body: { workers: await controls.visit("poke") } };
}
