// Owns a simulated edge under the real control and the real keys of Issuer: Workers are woven as they would be, call each
// other in virtual time, and every key they live by can be made to give way to the next.
import { randomBytes } from "node:crypto";
import type { Control } from "../../control/control.ts";
import { join } from "../../control/issue/join.ts";
import { createMemory } from "../../control/issue/memory.ts";
import { weaveAnswer } from "../../control/issue/weave.ts";
import { applyDocuments, change } from "../../control/pipeline.ts";
import { resign } from "../../control/publish/resign.ts";
import { toRegistrations } from "../../control/resources/workloads.ts";
import { EPOCH_MS, SEED_LIFE_MS, type WrappedKeys } from "../../mesh/contract/identity.ts";
import { TABLE_KEY as TABLE_IN_KV } from "../../mesh/contract/table.ts";
import { wrapKeys } from "../../mesh/identity/seed.ts";
import { START_MS } from "../../mesh/simulator/core/trace.ts";
import { Machine } from "../../mesh/simulator/core/machine.ts";
import { World } from "../../mesh/simulator/core/world.ts";
import { LightResponse } from "../../mesh/simulator/edge/response.ts";
import { FRONT, PAY, TRUST_DOMAIN, VAULT } from "../../mesh/simulator/edge/tables.ts";
import { Worker, type Deployment } from "../../mesh/simulator/edge/worker.ts";
import { TEST_KEK, createIssuer, createTestControl } from "../control/test-control.ts";
import { memorySql, type TestClock } from "../durable-objects/memory-sql.ts";

const WORKLOADS = [FRONT, PAY, VAULT];

/** What can be made to take over, beside the epoch. */
export type Turning = "seed" | "table" | "token" | "kek";

/** What Workers are deployed with. */
export type Woven = Pick<Deployment, "seeds" | "kek" | "tableKey" | "table">;

/** The edge, its control and its Issuer. */
export class Rotations {
  readonly world = new World(1, START_MS + EPOCH_MS / 4);
  readonly memory = createMemory();
  /** Status and detail of what calls came to. */
  readonly outcomes = new Map<string, number>();
  /** Key ids that callees took proofs by. */
  readonly kids = new Set<string>();
  readonly control: Control & { readonly clock: TestClock };
  readonly #values: ReadonlyMap<string, Uint8Array>;
  readonly #sql = memorySql();
  readonly #machine = new Machine(this.world);
  readonly #callees = new Map<string, Worker>();
  #kek = TEST_KEK;
  #isAway = false;

  private constructor({ values, ...control }: Awaited<ReturnType<typeof createTestControl>>) {
    this.#values = values;
    this.control = control;
  }

  static async begin(): Promise<Rotations> {
    const edge = new Rotations(await createTestControl());
    await edge.#start();
    const { control } = edge;
    const records = WORKLOADS.map((workload) => ({
      workload,
      labels: {},
      woven: true,
      entrypoints: [],
      bound: workload === FRONT ? [PAY, VAULT] : [],
      dials: [],
      edge: false,
    }));
    await change(control, await toRegistrations(control, records, true), false);
    const outcome = await applyDocuments(control, DOCUMENTS, false);
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.problem));
    await edge.memory.refresh(control);
    return edge;
  }

  /** Lets keys take over now; a key-encryption key by a start of the objects' Worker with the new one and the old. */
  async turn(kinds: readonly Turning[]): Promise<void> {
    for (const kind of kinds) {
      const before = this.#kek;
      if (kind === "kek") this.#kek = newKek();
      if (kind === "kek") await this.#start(before);
      else await this.control.issuer.rotate(kind, true);
    }
    await resign(this.memory, this.control);
    await this.memory.refresh(this.control);
  }

  /** What weaving gives all Workers now, their seeds under a new key-encryption key. */
  async weave(): Promise<Woven> {
    const kek = newKek();
    const seeds = new Map<string, WrappedKeys>();
    const endMs = this.world.nowMs + SEED_LIFE_MS;
    const answers = WORKLOADS.map((workload) => weaveAnswer(this.memory, this.control, workload));
    for (const { workload, seed } of await Promise.all(answers)) {
      const wrapped = await wrapKeys(seed, kek, workload, endMs, new Uint8Array(randomBytes(12)));
      if (wrapped !== null) seeds.set(workload, wrapped);
    }
    const { publicKey, table } = await weaveAnswer(this.memory, this.control, FRONT);
    return { seeds, kek, tableKey: publicKey, table: table ?? "" };
  }

  /** A new isolate of a workload that was woven so. */
  bear(workload: string, woven: Woven): Worker {
    const skewMs = (this.world.random() * 2 - 1) * 2000;
    return new Worker(new Machine(this.world, skewMs), workload, 0, this.#deployed(woven), {
      serve: async (_worker, { proofText }, { id }) => {
        this.kids.add(proofText.split("~")[2] ?? "");
        return new LightResponse(id);
      },
      refused: () => undefined,
    });
  }

  /** New isolates that answer for both callees from now on; those before are gone. */
  serveBy(woven: Woven): void {
    for (const workload of [PAY, VAULT]) {
      this.#callees.get(workload)?.machine.evict();
      this.#callees.set(workload, this.bear(workload, woven));
    }
  }

  /** Calls both callees at each of these times from now. */
  call(caller: Worker, ...atMs: readonly number[]): void {
    for (const ms of atMs)
      for (const to of [PAY, VAULT]) caller.machine.after(ms, () => void this.#called(caller, to));
  }

  /** Lets time pass, with control and KV there or away. */
  async pass(ms: number, isAway = false): Promise<void> {
    this.#isAway = isAway;
    await this.memory.refresh(this.control);
    await this.world.run(this.world.nowMs + ms);
    this.control.clock.advance(this.world.nowMs - this.control.clock.now());
  }

  async #called(caller: Worker, to: string): Promise<void> {
    const call = { to, method: "GET", id: "x", isRpc: false, leftMs: Infinity, scope: null };
    const { outcome, detail } = await caller.send(call);
    const word = outcome.kind === "answer" ? `${outcome.status} ${detail}` : outcome.kind;
    this.outcomes.set(word, (this.outcomes.get(word) ?? 0) + 1);
  }

  async #start(before?: string): Promise<void> {
    const { clock } = this.control;
    clock.advance(this.world.nowMs - clock.now());
    const issuer = await createIssuer(clock, this.#sql, this.#kek, before);
    Object.assign(this.control, { issuer });
  }

  #deployed(woven: Woven): Deployment {
    const ask = <T>(from: Machine, work: () => T | Promise<T>): Promise<T> =>
      from.ask(this.#machine, { sendMs: 2, replyMs: 2, isDown: this.#isAway }, work);
    const notAsked = (): Promise<never> => Promise.reject(new Error("is not asked here"));
    return {
      ...woven,
      isolateOf: (workload) => {
        const callee = this.#callees.get(workload);
        if (callee === undefined) throw new Error(`nobody answers for ${workload}`);
        return callee;
      },
      tamper: (_workload, answer) => answer,
      planes: {
        control: (from, workload) => ({
          join: (request) => ask(from, () => join(this.memory, this.control, workload, request)),
          identity: notAsked,
        }),
        kv: (from) => ({
          get: () => ask(from, () => new Uint8Array(this.#values.get(TABLE_IN_KV) ?? []).buffer),
        }),
        pulse: (from) => ({
          report: ({ sequence }) =>
            ask(from, async () => ({
              format: 1,
              acknowledged: sequence,
              newest: await this.control.store.publishedVersion(),
              revocations: [],
              nextMs: 1000,
            })),
          lease: notAsked,
          admit: notAsked,
        }),
      },
    };
  }
}

const newKek = (): string => randomBytes(32).toString("base64url");

const service = (name: string, spec: object) => ({
  apiVersion: "heddle.dev/v1",
  kind: "Service",
  metadata: { name },
  spec: { ports: [{ port: 80 }], ...spec },
});
const DOCUMENTS = [
  {
    apiVersion: "heddle.dev/v1",
    kind: "Mesh",
    metadata: { name: "simulated" },
    spec: { trustDomain: TRUST_DOMAIN },
  },
  service("pay", {}),
  service("vault", { identity: { level: "request" } }),
];
