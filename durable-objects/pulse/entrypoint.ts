// Owns the entrypoint Pulse: the one channel between isolates and shared state. Who reports is read from props only.
import { WorkerEntrypoint } from "cloudflare:workers";
import { policyOf } from "../../mesh/algorithms/breaker/policy.ts";
import { handOnInMs, shardName, shardOf, tellerOf } from "../../mesh/algorithms/breaker/shard.ts";
import { DEFAULT_BREAKER } from "../../mesh/contract/defaults.ts";
import {
  BREAKER_OBJECT,
  type BreakerDelta,
  type LeaseReply,
  type AdmitReply,
  type AdmitRequest,
  type LeaseRequest,
  PULSE_FORMAT,
  type PulseApi,
  type PulseReply,
  type PulseReport,
  type Verdict,
} from "../../mesh/contract/pulse.ts";
import type {
  CircuitBreakerApi,
  CircuitLease,
  RegistryApi,
  ReplayGuardApi,
  TakenPart,
  TelemetryApi,
} from "../../mesh/contract/state.ts";
import type { BreakerPolicy } from "../../mesh/contract/table.ts";
import { TELEMETRY_OBJECT, type TelemetryDelta } from "../../mesh/contract/telemetry.ts";
import { ambientClock } from "../clock.ts";
import { createLeaseGate, type Leased } from "./lease-gate.ts";
import { createPulseMemory } from "./memory.ts";
import { createPartsMemory, type Part } from "./parts.ts";
import { toLeaseRequest, toReport } from "./sound.ts";
import { createTrees } from "./trees.ts";

/** What Pulse needs of its environment; stubs are made per request. */
export interface PulseEnv {
  readonly REGISTRY: { getByName(name: string): Pick<RegistryApi, "merge"> };
  readonly CIRCUIT_BREAKER: { getByName(name: string): CircuitBreakerApi };
  readonly REPLAY_GUARD: { getByName(name: string): ReplayGuardApi };
  readonly TELEMETRY: { getByName(name: string): Pick<TelemetryApi, "take"> };
}

/** The props weaving puts on the binding. */
export interface PulseProps {
  readonly heddle?: { readonly workload?: string };
}

const memory = createPulseMemory(ambientClock);
/** Drawn at its first use: module scope may not draw random values. */
let phase: number | null = null;
const gate = createLeaseGate(ambientClock);
const trees = createTrees(ambientClock);
const parts = createPartsMemory(ambientClock, (object, sinceMs) =>
  handOnInMs(
    ambientClock.now(),
    sinceMs,
    trees.shardsOf(object),
    memory.reporters(),
    (phase ??= (ambientClock.random(1)[0] ?? 0) / 256),
  ),
);

/** Takes reports and answers from memory; hands parts on to their objects. */
export class Pulse extends WorkerEntrypoint<PulseEnv, PulseProps> implements PulseApi {
  async report(given: PulseReport): Promise<PulseReply> {
    const workload = this.#workload();
    const report = toReport(given);
    const registry = this.env.REGISTRY.getByName("mesh");
    const keep = (work: Promise<unknown>): void => this.ctx.waitUntil(work);
    const teller = { workload, isolate: report.isolate };
    const [reply, { marks, verdicts }] = await Promise.all([
      memory.report(workload, report, registry, keep),
      parts.take(teller, report.parts ?? [], (object, taken) => this.#deliver(object, taken), keep),
    ]);
    return { ...reply, parts: marks, verdicts: [...(reply.verdicts ?? []), ...verdicts] };
  }

  async lease(given: LeaseRequest): Promise<LeaseReply> {
    const workload = this.#workload();
    const { isolate, object } = toLeaseRequest(given);
    const teller = tellerOf({ workload, isolate });
    const { lease, verdict } = await gate(object, () => this.#ask(object, teller));
    return { format: PULSE_FORMAT, lease, verdict };
  }

  /** The callee is in the key, so that nobody uses up another's nonce. */
  async admit({ caller, key }: AdmitRequest): Promise<AdmitReply> {
    const workload = this.#workload();
    const isSound = [caller, key].every((text) => typeof text === "string" && text.length <= 256);
    if (!isSound || key === "") throw new Error("not a nonce to admit");
    const guard = this.env.REPLAY_GUARD.getByName(key.slice(0, 1));
    const first = await guard.admit(`${workload} ${caller} ${key}`);
    return { format: PULSE_FORMAT, first };
  }

  #workload(): string {
    const workload = this.ctx.props.heddle?.workload;
    if (!workload) throw new Error("the binding to Pulse carries no workload in its props");
    return workload;
  }

  /** With what waits for the circuit; of a tree the isolate's shard is asked, and what waits goes its own way. */
  async #ask(circuit: string, teller: string): Promise<Leased> {
    const shards = trees.shardsOf(circuit);
    if (shards > 0) {
      const name = shardName(shardOf(teller, shards), circuit);
      const { lease, verdict, ...said } = await this.#leaseAt(name, circuit, []);
      trees.heard(circuit, said.shards);
      return { lease, verdict };
    }
    return await parts.with(circuit, async (taken) => {
      const { lease, verdict, ...said } = await this.#leaseAt(circuit, circuit, taken as Deltas);
      trees.heard(circuit, said.shards);
      // A tree takes nothing that it is told directly.
      if (said.shards !== undefined && taken.length > 0) await this.#tell(circuit, taken as Deltas);
      return { lease, verdict };
    });
  }

  async #leaseAt(name: string, circuit: string, taken: Deltas): Promise<CircuitLease> {
    return await this.#circuit(name).lease(name, taken, policyFor(circuit));
  }

  async #tell(circuit: string, taken: Deltas): Promise<Verdict> {
    return await trees.tell(circuit, taken, async (name, parts) =>
      this.#circuit(name).merge(name, parts, policyFor(circuit)),
    );
  }

  #circuit(name: string): CircuitBreakerApi {
    return this.env.CIRCUIT_BREAKER.getByName(name);
  }

  async #deliver(object: string, taken: readonly Part[]): Promise<Verdict | null> {
    if (object.startsWith(BREAKER_OBJECT)) return await this.#tell(object, taken as Deltas);
    const destination = object.slice(TELEMETRY_OBJECT.length);
    await this.env.TELEMETRY.getByName(destination).take(taken as Counted);
    return null;
  }
}

/** What the object's name says the deltas are. */
type Deltas = readonly TakenPart<BreakerDelta>[];

type Counted = readonly TakenPart<TelemetryDelta>[];

const policyFor = (object: string): BreakerPolicy =>
  policyOf(object, memory.policies(), DEFAULT_BREAKER);
