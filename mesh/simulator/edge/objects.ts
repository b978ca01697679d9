// Owns the objects' Worker in virtual time: the Pulse entrypoint's own memory, and circuits with their keepers.
import { createKeeper, type Keeper } from "../../../durable-objects/circuit-breaker/keeper.ts";
import type { Clock } from "../../../durable-objects/clock.ts";
import {
  createLeaseGate,
  type Leased,
  type LeaseGate,
} from "../../../durable-objects/pulse/lease-gate.ts";
import { createPulseMemory } from "../../../durable-objects/pulse/memory.ts";
import { createPartsMemory, type Part } from "../../../durable-objects/pulse/parts.ts";
import { toLeaseRequest, toReport } from "../../../durable-objects/pulse/sound.ts";
import type { Sql } from "../../../durable-objects/sql.ts";
import { policyOf } from "../../algorithms/breaker/policy.ts";
import { DEFAULT_BREAKER } from "../../contract/defaults.ts";
import type { Revocation } from "../../contract/identity.ts";
import {
  BREAKER_OBJECT,
  PULSE_FORMAT,
  type BreakerDelta,
  type LeaseReply,
  type LeaseRequest,
  type PulseReply,
  type PulseReport,
  type Verdict,
} from "../../contract/pulse.ts";
import type { RegistryMerge, TakenPart } from "../../contract/state.ts";
import type { Link, Machine } from "../core/machine.ts";

/** What the objects know of the rest of the mesh. */
export interface Known {
  readonly version: number;
  readonly revocations: readonly Revocation[];
}

/** Hears of every lease: that it is given out, by the generation that gives it, or given back. */
export interface LeaseWatch {
  granted(object: string, generation: number, lease: number): void;
  returned(object: string, lease: number): void;
}

/** The objects' Worker and its objects, on one machine: a restart loses what is not stored. */
export class ObjectsWorker {
  readonly machine: Machine;
  readonly #known: () => Known;
  readonly #link: (object: string) => Link;
  readonly #leases: LeaseWatch;
  readonly #memory: ReturnType<typeof createPulseMemory>;
  readonly #parts: ReturnType<typeof createPartsMemory>;
  readonly #gate: LeaseGate;
  readonly #keepers = new Map<string, Keeper>();
  /** By circuit: the row that outlives a restart. */
  readonly #stored: Map<string, string>;
  readonly #clock: Clock;

  constructor(
    machine: Machine,
    stored: Map<string, string>,
    known: () => Known,
    link: (object: string) => Link,
    leases: LeaseWatch,
  ) {
    this.machine = machine;
    this.#stored = stored;
    this.#known = known;
    this.#link = link;
    this.#leases = leases;
    this.#clock = clockOf(machine);
    this.#memory = createPulseMemory(this.#clock);
    this.#parts = createPartsMemory(this.#clock);
    this.#gate = createLeaseGate(this.#clock);
  }

  /** As the entrypoint does it. */
  async report(workload: string, given: PulseReport): Promise<PulseReply> {
    const report = toReport(given);
    const teller = { workload, isolate: report.isolate };
    const registry = { merge: () => this.#toObject("registry", () => this.#merged()) };
    const told = (report.parts ?? []).filter(({ object }) => object.startsWith(BREAKER_OBJECT));
    const [reply, { marks, verdicts }] = await Promise.all([
      this.#memory.report(workload, report, registry, nothing),
      this.#parts.take(teller, told, (object, parts) => this.#merge(object, parts), nothing),
    ]);
    const other = (report.parts ?? []).filter((part) => !told.includes(part));
    return {
      ...reply,
      parts: [...marks, ...other.map(({ object, sequence }) => ({ object, sequence }))],
      verdicts: [...(reply.verdicts ?? []), ...verdicts],
    };
  }

  async lease(given: LeaseRequest): Promise<LeaseReply> {
    const { object } = toLeaseRequest(given);
    const { lease, verdict } = await this.#gate(object, () =>
      this.#parts.with(object, (parts) =>
        this.#toObject(object, () => this.#leased(object, parts)),
      ),
    );
    return { format: PULSE_FORMAT, lease, verdict };
  }

  #leased(object: string, parts: readonly Part[]): Leased {
    const keeper = this.#taken(object, parts);
    const lease = keeper.grant(policyFor(object));
    const verdict = keeper.verdict(object);
    if (lease > 0) this.#leases.granted(object, verdict.generation, lease);
    return { lease, verdict };
  }

  /** How a circuit stands, as its object sees it. */
  verdicts(): readonly Verdict[] {
    return [...this.#keepers].map(([object, keeper]) => keeper.verdict(object));
  }

  #merge(object: string, parts: readonly Part[]): Promise<Verdict> {
    return this.#toObject(object, () => this.#taken(object, parts).verdict(object));
  }

  #taken(object: string, parts: readonly Part[]): Keeper {
    const keeper = this.#keeper(object);
    keeper.take(parts as Deltas, policyFor(object));
    for (const { delta } of parts as Deltas)
      for (const { lease, isUnused } of delta.probes)
        if (isUnused === true) this.#leases.returned(object, lease);
    return keeper;
  }

  #merged(): RegistryMerge {
    const { version, revocations } = this.#known();
    return { newest: version, revocations, reporters: 1, circuits: this.verdicts() };
  }

  #toObject<T>(object: string, work: () => T): Promise<T> {
    return this.machine.ask(this.machine, this.#link(object), work);
  }

  #keeper(object: string): Keeper {
    const known =
      this.#keepers.get(object) ?? createKeeper(rowOf(this.#stored, object), this.#clock);
    this.#keepers.set(object, known);
    return known;
  }
}

type Deltas = readonly TakenPart<BreakerDelta>[];

const policyFor = (object: string): ReturnType<typeof policyOf> =>
  policyOf(object, {}, DEFAULT_BREAKER);

/** As much of SQLite as a keeper needs: one row. */
const rowOf = (stored: Map<string, string>, object: string): Sql => ({
  all(query, record) {
    if (!query.startsWith("SELECT")) {
      if (typeof record === "string") stored.set(object, record);
      return [];
    }
    const known = stored.get(object);
    return known === undefined ? [] : [{ record: known }];
  },
  transaction: (work) => work(),
});

const clockOf = (machine: Machine): Clock => ({
  now: () => machine.now(),
  uuid: () => "00000000-0000-4000-8000-000000000000",
  random: (size) => new Uint8Array(size).map(() => Math.floor(machine.world.random() * 256)),
  sleep: (ms) => new Promise((resolve) => void machine.after(ms, () => resolve())),
});

const nothing = (): void => undefined;
