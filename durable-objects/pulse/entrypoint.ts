// Owns the entrypoint Pulse: the one channel between isolates and shared state. Who reports is read from props only.
import { WorkerEntrypoint } from "cloudflare:workers";
import { policyOf } from "../../mesh/algorithms/breaker/policy.ts";
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
const parts = createPartsMemory(ambientClock);
const gate = createLeaseGate(ambientClock);
const trees = createTrees(ambientClock);

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
    this.#workload();
    const { object } = toLeaseRequest(given);
    const { lease, verdict } = await gate(object, () =>
      parts.with(object, (taken) => this.#ask(object, taken as Deltas)),
    );
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

  async #ask(circuit: string, taken: Deltas): Promise<Leased> {
    const name = trees.nameOf(circuit);
    const object = this.env.CIRCUIT_BREAKER.getByName(name);
    const { lease, verdict, shards } = await object.lease(name, taken, policyFor(circuit));
    trees.heard(circuit, shards);
    return { lease, verdict };
  }

  async #tell(circuit: string, taken: Deltas): Promise<Verdict> {
    const name = trees.nameOf(circuit);
    const object = this.env.CIRCUIT_BREAKER.getByName(name);
    const { shards, ...verdict } = await object.merge(name, taken, policyFor(circuit));
    trees.heard(circuit, shards);
    return verdict;
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
