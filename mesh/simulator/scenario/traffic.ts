// Owns the calls of a run: who calls whom, when and with how much time, and what the callees make of it.
import type { InboundCall } from "../../pipeline/call.ts";
import { exponential } from "../poisson.ts";
import type { World } from "../core/world.ts";
import { LightResponse } from "../edge/response.ts";
import { CART, FRONT, MALLORY, PAY, VAULT } from "../edge/tables.ts";
import type { Application, Arrival, Worker } from "../edge/worker.ts";
import type { Judge } from "../judge/invariants.ts";
import type { Ledger } from "../judge/ledger.ts";
import type { Attacker } from "./attacker.ts";
import { FAULTY_MS, HEALING_MS, type FaultName, type Sky, type Swarm } from "./swarm.ts";

/** Who sees the calls of a run, and under what sky they are made. */
interface Onlookers {
  readonly world: World;
  readonly weather: Sky;
  readonly judge: Judge;
  readonly ledger: Ledger;
  readonly attacker: Attacker;
}

/** Who has less may be late without anybody's fault. */
const AMPLE_MS = 1000;

/** The callers' calls, and the application that answers them. */
export class Traffic implements Application {
  readonly #swarm: Swarm;
  readonly #world: World;
  readonly #weather: Sky;
  readonly #judge: Judge;
  readonly #ledger: Ledger;
  readonly #attacker: Attacker;
  #ids = 0;
  #isOver = false;

  constructor(swarm: Swarm, onlookers: Onlookers) {
    this.#swarm = swarm;
    this.#world = onlookers.world;
    this.#weather = onlookers.weather;
    this.#judge = onlookers.judge;
    this.#ledger = onlookers.ledger;
    this.#attacker = onlookers.attacker;
  }

  /** Plans a caller's next call and, after it, `left - 1` more: the gaps between them are exponential. */
  plan(worker: Worker, left: number): void {
    const gapMs = exponential(this.#world.random, 1000 / this.#swarm.rate);
    worker.machine.after(gapMs, () => {
      if (this.#isOver || left === 0) return;
      this.plan(worker, left - 1);
      void this.#call(worker);
    });
  }

  async #call(worker: Worker): Promise<void> {
    const random = this.#world.random;
    const kind = random();
    const to = worker.workload === MALLORY || kind < 0.75 ? CART : kind < 0.93 ? PAY : VAULT;
    const isRpc = to === PAY && kind < 0.8;
    const method = to === PAY ? "POST" : "GET";
    this.#ids += 1;
    const leftMs = random() < 0.3 ? 20 + Math.floor(random() * 3000) : Number.POSITIVE_INFINITY;
    const isRepeatable = !isRpc && method === "GET";
    const note = this.#ledger.open({
      id: `${this.#ids}`,
      to,
      caller: worker,
      leftMs,
      isRepeatable,
    });
    const sent = await worker.send({ to, method, id: note.id, isRpc, leftMs, scope: null });
    const isGood = this.#ledger.settle(note, sent);
    if (
      this.#world.sinceMs > FAULTY_MS + HEALING_MS &&
      worker.workload === FRONT &&
      leftMs >= AMPLE_MS
    )
      this.#judge.check(
        "I18",
        isGood,
        () => `call ${note.id} to ${to}: ${reasonText(sent.outcome)}`,
      );
  }

  /** Works on a call for a while drawn, as well as the weather lets it. */
  async serve(worker: Worker, call: InboundCall, arrival: Arrival): Promise<unknown> {
    const world = this.#world;
    const weather = this.#weather;
    this.#ledger.ran(worker, call, arrival);
    this.#attacker.saw(worker, arrival);
    const hit = (name: FaultName): boolean => {
      const share = weather.share(name);
      return share > 0 && world.random() < share && weather.felt(name) > 0;
    };
    let workMs = 1 + exponential(world.random, 3);
    if (hit("callee-slow")) workMs += exponential(world.random, 400);
    if (hit("callee-hangs")) workMs += 20_000;
    await new Promise<void>((resolve) => void worker.machine.after(workMs, resolve));
    if (hit("callee-throws")) throw new Error("the application threw");
    if (weather.felt("callee-outage") > 0 || hit("callee-errors"))
      return new Response("", { status: 503 });
    if (arrival.rpc !== null) return arrival.id;
    if (worker.workload.startsWith(`${CART}-`) && world.random() < 0.1)
      await this.#nested(worker, call);
    return new LightResponse(arrival.id);
  }

  /** Hears of what a way in refused. */
  refused(worker: Worker, reason: string): void {
    this.#ledger.refused(worker, reason);
  }

  /** No caller calls any more. */
  end(): void {
    this.#isOver = true;
  }

  /** A call under a call: it inherits trace and deadline. */
  async #nested(worker: Worker, { context, keeper }: InboundCall): Promise<void> {
    if (context === null) return;
    this.#ids += 1;
    const leftMs = Math.max(0, context.deadlineMs - worker.mesh.now());
    const note = this.#ledger.open({
      id: `${this.#ids}`,
      to: PAY,
      caller: worker,
      leftMs,
      isRepeatable: false,
    });
    note.traceId = context.traceId;
    const { cohort, allowance, invocations } = context;
    const scope = { context, keeper, cohort, allowance, invocations };
    const sent = await worker.send({
      to: PAY,
      method: "POST",
      id: note.id,
      isRpc: false,
      leftMs,
      scope,
    });
    this.#ledger.settle(note, sent);
  }
}

const reasonText = (outcome: { readonly kind: string; readonly reason?: string }): string =>
  outcome.reason ?? outcome.kind;
