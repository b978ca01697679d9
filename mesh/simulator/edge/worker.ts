// Owns a simulated isolate of a woven Worker: the real platform code and chains, on a machine of the simulated edge.
import { inbound } from "../../chains/inbound.ts";
import { outbound } from "../../chains/outbound.ts";
import { HEDDLE } from "../../contract/headers.ts";
import { WIRING_FORMAT, type Wiring } from "../../contract/wiring.ts";
import type { WrappedKeys } from "../../contract/identity.ts";
import type { HttpParts, InboundCall, OutboundCall, RpcParts } from "../../pipeline/call.ts";
import { rootContext } from "../../pipeline/context.ts";
import { compose } from "../../pipeline/filter.ts";
import type { EndpointBinding, Keeper, Scope } from "../../pipeline/isolate.ts";
import { newCall } from "../../pipeline/new-call.ts";
import type { Outcome } from "../../pipeline/outcome.ts";
import { createIsolate, type MeshIsolate } from "../../platform/isolate.ts";
import type { MeshBindings } from "../../platform/bindings.ts";
import { late } from "../../weave/late.ts";
import type { Machine } from "../core/machine.ts";
import type { Planes } from "./planes.ts";
import { LightHeaders, type EndingSignal } from "./response.ts";
import { KEK, TABLE_KEY, TRUST_DOMAIN, UPSTREAMS } from "./tables.ts";

const wayOut = compose(outbound);
const wayIn = compose(inbound);

/** What every Worker of a run is told at deploy time. */
export interface Deployment {
  readonly planes: Pick<Planes, "control" | "kv" | "pulse">;
  readonly seeds: ReadonlyMap<string, WrappedKeys>;
  /** Key-encryption key of the Workers. Default: {@link KEK}. */
  readonly kek?: string;
  /** Of the table signature. Default: {@link TABLE_KEY}. */
  readonly tableKey?: JsonWebKey;
  /** The table bundled at deploy, base64. */
  readonly table: string;
  /** An isolate of a workload in a colo, born if there is none. */
  readonly isolateOf: (workload: string, colo: number) => Worker;
  /** What is done to an answer on its way back. */
  readonly tamper: (workload: string, answer: unknown) => unknown;
}

/** A request as it reaches a callee. */
export interface Arrival {
  readonly caller: string;
  readonly envelope: string;
  readonly method: string;
  readonly url: string;
  /** The simulation's own name for the call. */
  readonly id: string;
  readonly rpc: RpcParts | null;
}

/** What stands behind a Worker's way in. */
export interface Application {
  /** Answers, throws, or takes its time. */
  serve(worker: Worker, call: InboundCall, arrival: Arrival): Promise<unknown>;
  /** Hears of what the way in refused. */
  refused(worker: Worker, reason: string): void;
}

/** What came of a call. */
export interface Sent {
  readonly outcome: Outcome;
  readonly attempts: number;
  /** Attempts that left this Worker. */
  readonly dispatched: number;
  /** What the log would say. */
  readonly detail: string;
}

/** What a call is made with. */
export interface Outgoing {
  readonly to: string;
  readonly method: string;
  readonly id: string;
  readonly isRpc: boolean;
  /** Milliseconds the caller has; Infinity is no end. */
  readonly leftMs: number;
  /** The scope of the request under which the call is made; null for an entry event. */
  readonly scope: Scope | null;
}

const KEEPER: Keeper = { waitUntil: () => undefined };

/** One isolate. */
export class Worker {
  readonly machine: Machine;
  readonly workload: string;
  readonly colo: number;
  readonly mesh: MeshIsolate;
  readonly bornMs: number;
  readonly #deployment: Deployment;
  readonly #application: Application;

  constructor(
    machine: Machine,
    workload: string,
    colo: number,
    deployment: Deployment,
    application: Application,
  ) {
    this.machine = machine;
    this.workload = workload;
    this.colo = colo;
    this.bornMs = machine.world.nowMs;
    this.#deployment = deployment;
    this.#application = application;
    this.mesh = createIsolate(this.#bindings(), this.#wiring(), async () => late);
  }

  /** Sends a call the whole way out; settles with what the application is told. */
  async send(outgoing: Outgoing): Promise<Sent> {
    const scope = outgoing.scope ?? this.#entryScope(outgoing.leftMs);
    const call = this.#newCall(outgoing, scope);
    const outcome = await wayOut(call);
    const { attempts, dispatched, detail } = call;
    return { outcome, attempts, dispatched, detail };
  }

  /** Takes a request the whole way in. */
  async take(arrival: Arrival): Promise<unknown> {
    const call = this.#arrived(arrival);
    const outcome = await wayIn(call);
    if (call.reason !== null) this.#application.refused(this, call.reason);
    if (outcome.kind === "answer") return outcome.value;
    throw outcome.kind === "failure" ? outcome.error : new Error(outcome.reason);
  }

  #entryScope(leftMs: number): Scope {
    const context = rootContext(() => this.mesh.random());
    const deadlineMs = this.mesh.now() + leftMs;
    return {
      context: { ...context, deadlineMs },
      keeper: KEEPER,
      cohort: "",
      allowance: context.allowance,
      invocations: 1,
    };
  }

  #newCall({ to, method, id, isRpc }: Outgoing, scope: Scope): OutboundCall {
    return newCall(
      { isolate: this.mesh, source: this.workload, onBehalf: "" },
      scope,
      { service: to, entrypoint: null },
      isRpc ? null : httpTo(to, method, id),
      isRpc ? { path: ["charge"], args: [id] } : null,
    );
  }

  #arrived(arrival: Arrival): InboundCall {
    const { rpc, caller, envelope, method, url } = arrival;
    const request = {
      url,
      method,
      headers: new LightHeaders({}),
      body: null,
    } as unknown as Request;
    const call: InboundCall = {
      isolate: this.mesh,
      entrypoint: "",
      keeper: KEEPER,
      bound: () => caller,
      tag: () => "",
      isLoopback: () => false,
      envelope,
      request: rpc === null ? request : null,
      rpc,
      run: () => this.#application.serve(this, call, arrival),
      given: (value) => value,
      startMs: 0,
      upgraded: (response) => response,
      context: null,
      contextText: "",
      proofText: "",
      level: "session",
      verified: null,
      principal: "",
      viaRelay: false,
      reason: null,
      detail: "",
    };
    return call;
  }

  #bindings(): MeshBindings {
    const { planes, kek = KEK } = this.#deployment;
    const upstreams = UPSTREAMS[this.workload] ?? [];
    return {
      control: planes.control(this.machine, this.workload),
      pulse: planes.pulse(this.machine, this.workload),
      table: planes.kv(this.machine, this.colo),
      relay: null,
      kek,
      endpoints: new Map(upstreams.map((upstream) => [upstream, this.#bindingTo(upstream)])),
      assets: undefined,
    };
  }

  #wiring(): Wiring {
    const upstreams = UPSTREAMS[this.workload] ?? [];
    return {
      format: WIRING_FORMAT,
      mesh: "simulated",
      trustDomain: TRUST_DOMAIN,
      workload: this.workload,
      dialled: {},
      reach: Object.fromEntries(upstreams.map((upstream) => [upstream, { "": upstream }])),
      objects: [],
      ownRoutes: false,
      assets: null,
      loopback: "simulated",
      tableKey: this.#deployment.tableKey ?? TABLE_KEY,
      seed: this.#deployment.seeds.get(this.workload) ?? null,
      table: this.#deployment.table,
    };
  }

  /** A service binding to another workload: an isolate of it in the same colo answers. */
  #bindingTo(workload: string): EndpointBinding {
    const ask = (arrival: Arrival): Promise<unknown> => {
      const { world } = this.machine;
      const callee = this.#deployment.isolateOf(workload, this.colo);
      const link = { sendMs: 0.2 + world.random(), replyMs: 0.2 + world.random() };
      return this.machine.ask(callee.machine, link, async () =>
        this.#deployment.tamper(workload, await callee.take(arrival)),
      );
    };
    return {
      fetch: (url, init) => {
        const headers = init.headers as Readonly<Record<string, string>>;
        const { [HEDDLE]: envelope = "", "x-id": id = "" } = headers;
        const method = init.method ?? "GET";
        const answer = ask({ caller: this.workload, envelope, method, url, id, rpc: null });
        return this.#within(
          answer,
          init.signal as EndingSignal | null | undefined,
        ) as Promise<Response>;
      },
      dispatch: ([envelope, path, args]) =>
        ask({
          caller: this.workload,
          envelope,
          method: "rpc",
          url: "",
          id: String(args?.[0]),
          rpc: { path, args },
        }),
    };
  }

  /** A fetch ends with its signal. */
  #within(answer: Promise<unknown>, signal: EndingSignal | null | undefined): Promise<unknown> {
    if (signal === null || signal === undefined) return answer;
    return new Promise((resolve, reject) => {
      const timer = this.machine.after(signal.leftMs, () => reject(new Late()));
      const settle =
        <T>(end: (value: T) => void) =>
        (value: T): void => {
          timer.run = null;
          end(value);
        };
      answer.then(settle(resolve), settle(reject));
    });
  }
}

/** As a signal of `AbortSignal.timeout` throws it. */
class Late extends Error {
  override readonly name = "TimeoutError";
}

/** A repeatable request for `/item` of a service `ns/name`, by which the simulation's own name of the call travels. */
function httpTo(to: string, method: string, id: string): HttpParts {
  const host = to.slice(to.indexOf("/") + 1);
  return {
    url: `http://${host}/item`,
    method,
    headers: { "x-id": id },
    body: null,
    replayable: true,
    signal: null,
    cf: undefined,
    host,
    port: 80,
    path: "/item",
    query: "",
  };
}
