// Owns the dev process's side of faults and counters: what dev's Workers are answered, what /dev/* does.
import { Counters } from "./counters.ts";
import { answerDev, type DevControls } from "./dev-routes.ts";
import type { DevAnswer } from "./control-server.ts";
import { FaultBoard, type Effect } from "./fault-board.ts";
import type { FaultScope } from "./fault-request.ts";
import { DEV_WORKER } from "./own-workers.ts";
import { answerQuestions, ObjectEvents } from "./questions.ts";
import { nextKek } from "../weave/keys.ts";
import { SYSTEM } from "../weave/system.ts";
import type { Runtime } from "./runtime.ts";
import type { NodeHandler } from "./runtime-worker.ts";
import type { Answer } from "./worker/ask.ts";
import type { Taken, Visit } from "./worker/index.ts";

/** What the desk needs of the mesh it serves, once that runs. */
export interface DeskMesh {
  readonly runtime: Runtime;
  readonly scope: () => FaultScope;
  /** A real reload: all isolates start anew. */
  readonly restart: () => Promise<void>;
}

/** Faults and counters of one dev mesh; they survive its reloads. */
export interface Desk {
  /** Answers the Workers of dev. */
  readonly node: NodeHandler;
  /** What becomes of a request to the control URL. */
  controlEffect(): Effect;
  /** Answers `METHOD /dev/name`; undefined where there is no such thing. */
  answer(mesh: DeskMesh, route: string, body: unknown): Promise<DevAnswer> | undefined;
  /** Takes over what dev's Worker counted, before it starts anew. */
  keepCounts(runtime: Runtime): Promise<void>;
}

/** A steady stream of calls never settles; this many looks are enough. */
const MAX_LOOKS = 20;

export function createDesk(stateDir: string): Desk {
  let keks: Answer["keks"] = null;
  const board = new FaultBoard();
  const counters = new Counters();
  const events = new ObjectEvents();

  /** Looks until a look finds nothing more: the events of what was answered have then arrived. */
  const settleCounts = async (runtime: Runtime): Promise<void> => {
    for (let look = 0; look < MAX_LOOKS; look += 1) {
      let found = 0;
      for (const { workload, result } of await visit(runtime, "counts")) {
        const { invocations = 0, handlerRuns = 0 } = (result ?? {}) as Partial<Taken>;
        counters.add(workload, "invocations", invocations);
        counters.add(workload, "handlerRuns", handlerRuns);
        found += invocations + handlerRuns;
      }
      if (found === 0) return;
    }
  };

  const controls = ({ runtime, scope, restart }: DeskMesh): DevControls => ({
    board,
    counters,
    events,
    rekey() {
      const { kek, before } = nextKek(stateDir, SYSTEM.objects);
      keks = { HEDDLE_KEK: kek, HEDDLE_KEK_BEFORE: before };
    },
    scope,
    restart,
    settleCounts: async () => await settleCounts(runtime),
    visit: async (action, workload) => await visit(runtime, action, workload),
  });

  return {
    node: answerQuestions({ board, counters, events, keks: () => keks }),
    controlEffect: () => board.effectOn(["control"], Date.now(), Math.random),
    answer: (mesh, route, body) => answerDev(controls(mesh), route, body),
    keepCounts: settleCounts,
  };
}

/** Has dev's Worker ask one Worker, or all of them. */
async function visit(
  runtime: Runtime,
  action: "poke" | "reset" | "mesh" | "counts",
  workload?: string,
): Promise<readonly Visit[]> {
  const query = workload === undefined ? "" : `?workload=${encodeURIComponent(workload)}`;
  const response = await runtime.fetch(DEV_WORKER, `http://dev/${action}${query}`, {
    method: "POST",
  });
  return (await response.json()) as readonly Visit[];
}
