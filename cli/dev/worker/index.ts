// The Worker `heddle-dev`: stands between each woven Worker and control, the pulse and the table,
// so that /dev/faults can hit them and /dev/counters can count them. Also pokes and resets Workers.
import { WorkerEntrypoint } from "cloudflare:workers";
import type {
  IdentityReply,
  JoinReply,
  JoinRequest,
  WorkloadApi,
} from "../../../mesh/contract/join.ts";
import type {
  AdmitReply,
  AdmitRequest,
  LeaseReply,
  LeaseRequest,
  PulseApi,
  PulseReply,
  PulseReport,
} from "../../../mesh/contract/pulse.ts";
import type { HeddleProps } from "../../../mesh/contract/wiring.ts";
import type { CountName } from "../counters.ts";
import { ask, suffer } from "./ask.ts";

/** Bindings by workload: `CONTROL_<n>`, `PULSE_<n>`, `DEV_<n>` and `RUNS_<n>`, n being its place in WORKLOADS. */
interface Env {
  readonly NODE: Fetcher;
  readonly TABLE: KVNamespace;
  readonly WORKLOADS: readonly string[];
  readonly [binding: string]: unknown;
}

/** What dev asks of a woven Worker's `HeddleDev` entrypoint. */
interface DevApi {
  poke(): Promise<unknown>;
  reset(): Promise<unknown>;
  counts(): Promise<unknown>;
}

/** What dev asks of a woven Worker's `HeddleRuns` entrypoint (watch.ts). */
interface RunsApi {
  take(): Promise<number>;
}

/** Counts of one Worker since they were last taken. */
export interface Taken {
  readonly invocations: number;
  readonly handlerRuns: number;
}

/** What came of asking one Worker. */
export interface Visit {
  readonly workload: string;
  readonly error?: string;
  readonly result?: unknown;
}

class Between extends WorkerEntrypoint<Env, HeddleProps> {
  get workload(): string {
    return this.ctx.props.heddle.workload;
  }

  /** Asks and suffers; true where the call should come back with nothing. */
  async before(targets: readonly string[], name: CountName): Promise<boolean> {
    const count = { workload: this.workload, name };
    const { effect } = await ask(this.env.NODE, { targets, count });
    return await suffer(effect, targets[0] ?? "the target");
  }

  upstream<Api>(prefix: string): Api {
    return this.env[`${prefix}_${this.env.WORKLOADS.indexOf(this.workload)}`] as Api;
  }
}

/** In the place of control's `Workload`. */
export class Control extends Between implements WorkloadApi {
  async join(request: JoinRequest): Promise<JoinReply> {
    await this.before(["control"], "objectCalls");
    return await this.upstream<WorkloadApi>("CONTROL").join(request);
  }

  async identity(key: JsonWebKey): Promise<IdentityReply> {
    await this.before(["control"], "objectCalls");
    return await this.upstream<WorkloadApi>("CONTROL").identity(key);
  }
}

/** In the place of the objects' `Pulse`. */
export class Pulse extends Between implements PulseApi {
  async report(report: PulseReport): Promise<PulseReply> {
    await this.before(["pulse", "objects"], "objectCalls");
    return await this.upstream<PulseApi>("PULSE").report(report);
  }

  async lease(request: LeaseRequest): Promise<LeaseReply> {
    await this.before(["pulse", "objects"], "objectCalls");
    return await this.upstream<PulseApi>("PULSE").lease(request);
  }

  async admit(request: AdmitRequest): Promise<AdmitReply> {
    await this.before(["pulse", "objects", "objects:ReplayGuard"], "objectCalls");
    return await this.upstream<PulseApi>("PULSE").admit(request);
  }
}

/** In the place of the KV namespace with the table. */
export class Table extends Between {
  async get(key: string, options: unknown): Promise<unknown> {
    const isEmpty = await this.before(["kv"], "kvReads");
    return isEmpty ? null : await this.env.TABLE.get(key, options as "text");
  }
}

/** In the woven Workers' tails: counts what the runtime delivered to them, straight from its onset event. */
export class Tail extends WorkerEntrypoint<Env, HeddleProps> {
  override tailStream({
    event,
  }: TailStream.TailEvent<TailStream.Onset>): TailStream.TailEventHandlerType {
    if (event.executionModel === "durableObject" || OWN_EXPORTS.has(event.entrypoint ?? ""))
      return NOTHING_MORE;
    const { workload } = this.ctx.props.heddle;
    invocations.set(workload, (invocations.get(workload) ?? 0) + 1);
    return NOTHING_MORE;
  }
}

/** Entrypoints that dev itself asks. */
const OWN_EXPORTS = new Set(["HeddleDev", "HeddleRuns"]);
/** Not even an object without handlers: then the runtime sends no further event of the invocation. */
const NOTHING_MORE = undefined as unknown as TailStream.TailEventHandlerType;
const invocations = new Map<string, number>();

/** For the dev process only: POST /poke, /reset, /mesh or /counts, optionally with ?workload=ns/name. */
export default class Visits extends WorkerEntrypoint<Env> {
  override async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const only = url.searchParams.get("workload");
    const visit = VISITS[url.pathname];
    if (!visit) return new Response(null, { status: 404 });
    const visits = this.env.WORKLOADS.map(async (workload, index) =>
      only === null || only === workload
        ? await visited(workload, visit(this.env, workload, index))
        : [],
    );
    return Response.json((await Promise.all(visits)).flat());
  }
}

type VisitOne = (env: Env, workload: string, index: number) => Promise<unknown>;

const VISITS: Readonly<Record<string, VisitOne>> = {
  "/poke": async (env, _workload, index) => await devOf(env, index).poke(),
  "/reset": async (env, _workload, index) => await devOf(env, index).reset(),
  "/mesh": async (env, _workload, index) => await devOf(env, index).counts(),
  "/counts": async (env, workload, index): Promise<Taken> => {
    const runs = env[`RUNS_${index}`] as RunsApi | undefined;
    const handlerRuns = (await runs?.take()) ?? 0;
    const taken = invocations.get(workload) ?? 0;
    invocations.delete(workload);
    return { invocations: taken, handlerRuns };
  },
};

function devOf(env: Env, index: number): DevApi {
  const dev = env[`DEV_${index}`] as DevApi | undefined;
  if (!dev) throw new Error("it is not woven");
  return dev;
}

async function visited(workload: string, result: Promise<unknown>): Promise<readonly Visit[]> {
  try {
    return [{ workload, result: await result }];
  } catch (error) {
    return [{ workload, error: error instanceof Error ? error.message : String(error) }];
  }
}
