// Owns the three planes as an isolate meets them: control, KV and the objects' Worker, each with its ways to fail.
import type { Revocation } from "../../contract/identity.ts";
import {
  JOIN_FORMAT,
  type JoinReply,
  type JoinRequest,
  type WorkloadApi,
} from "../../contract/join.ts";
import type { PulseApi } from "../../contract/pulse.ts";
import { Replicated } from "../core/kv.ts";
import { Machine, type Link } from "../core/machine.ts";
import { ObjectHost } from "../core/objects.ts";
import type { World } from "../core/world.ts";
import type { Sky } from "../scenario/swarm.ts";
import { ObjectsWorker, type Known, type LeaseWatch } from "./objects.ts";
import { CART_VERSIONS, epochOf, keysOf, tableOf } from "./tables.ts";

/** A published table. */
interface Publication {
  readonly version: number;
  readonly bytes: Uint8Array;
  /** Of a hundred calls of what is split. */
  readonly canaryWeight: number;
}

/** The planes of one run. */
export class Planes {
  revocations: readonly Revocation[] = [];
  readonly #world: World;
  readonly #weather: Sky;
  readonly #control: Machine;
  readonly #objects: ObjectHost<ObjectsWorker>;
  readonly #tables: Replicated<Publication>;

  constructor(world: World, weather: Sky, leases: LeaseWatch) {
    this.#world = world;
    this.#weather = weather;
    this.#control = new Machine(world);
    const known = (): Known => ({ version: this.newest.version, revocations: this.revocations });
    this.#objects = new ObjectHost(
      world,
      (machine, stored) =>
        new ObjectsWorker(
          machine,
          stored,
          known,
          (object) => this.#objects.queue(object, this.#objectsLink()),
          leases,
        ),
    );
    this.#tables = new Replicated(world, this.#compiled(1, 10));
  }

  /** The table as control has it. */
  get newest(): Publication {
    return this.#tables.newest;
  }

  publish(canaryWeight: number): void {
    this.#tables.write(this.#compiled(this.newest.version + 1, canaryWeight));
  }

  /** The objects' Worker begins anew: what it had in memory is gone. */
  restartObjects(): void {
    this.#objects.restart();
  }

  /** Control's `join` as a workload's binding has it. */
  control(from: Machine, workload: string): WorkloadApi {
    return {
      join: (request) =>
        from.ask(this.#control, this.#link("control-down"), () => this.#joined(workload, request)),
      identity: () => Promise.reject(new Error("no token is simulated")),
    };
  }

  /** The colo's copy of KV. */
  kv(from: Machine, colo: number): { get(): Promise<ArrayBuffer | null> } {
    return {
      get: () => from.ask(this.#control, this.#link("kv-down"), () => this.#copy(colo)),
    };
  }

  /** The `Pulse` entrypoint as a workload's binding has it; replies can be lost, and reports come twice. */
  pulse(from: Machine, workload: string): PulseApi {
    const weather = this.#weather;
    const ask = <T>(work: (objects: ObjectsWorker) => Promise<T>): Promise<T> => {
      const { machine, memory } = this.#objects;
      const link = {
        ...this.#objectsLink(),
        isReplyLost: weather.hits("pulse-lost"),
        isTwice: weather.hits("pulse-twice"),
      };
      return from.ask(machine, link, () => work(memory));
    };
    return {
      report: (report) => ask((objects) => objects.report(workload, report)),
      lease: (request) => ask((objects) => objects.lease(request)),
      admit: () => Promise.reject(new Error("no rate limit is simulated")),
    };
  }

  /** How the circuits stand, as their objects see them: of those that calls go to, since without any none can close. */
  verdicts(): ReturnType<ObjectsWorker["verdicts"]> {
    const { canaryWeight } = this.newest;
    const weights = [100 - canaryWeight, canaryWeight];
    const idle = CART_VERSIONS.filter((_, at) => weights[at] === 0);
    const isIdle = (object: string): boolean => idle.some((name) => object.endsWith(`|${name}`));
    return this.#objects.memory.verdicts().filter(({ object }) => !isIdle(object));
  }

  #compiled(version: number, canaryWeight: number): Publication {
    this.#world.note("publish", version, canaryWeight);
    return { version, bytes: tableOf(version, canaryWeight, this.#world.nowMs), canaryWeight };
  }

  #joined(workload: string, { have }: JoinRequest): JoinReply {
    const { newest } = this;
    const { nowMs } = this.#world;
    const epoch = epochOf(nowMs);
    return {
      format: JOIN_FORMAT,
      nowMs,
      workload,
      keys: keysOf(
        workload,
        [epoch - 1, epoch, epoch + 1].map((e) => `e${e}`),
        this.revocations,
      ),
      revocations: this.revocations,
      table: newest.version === have ? null : newest.bytes,
      version: newest.version,
      admitRatio: 1,
    };
  }

  /** What KV answers in a colo: its own copy, which lags, and which a fault makes older, shorter or somebody else's. */
  #copy(colo: number): ArrayBuffer {
    const weather = this.#weather;
    const { random, nowMs } = this.#world;
    const seen = this.#tables.seenFrom(colo, 300_000 * weather.felt("kv-late"));
    const { bytes, version } = seen.at(weather.hits("kv-old") ? 0 : -1) ?? this.newest;
    if (weather.hits("kv-truncated"))
      return toBuffer(bytes.subarray(0, Math.floor(bytes.length * random())));
    if (weather.hits("kv-forged")) return toBuffer(tableOf(version + 1000, 0, nowMs, true));
    return toBuffer(bytes);
  }

  #link(down: "control-down" | "kv-down"): Link {
    const { random } = this.#world;
    const isDown = this.#weather.felt(down) > 0;
    return { sendMs: 2 + random() * 20, replyMs: 2 + random() * 20, isDown };
  }

  #objectsLink(): Link {
    const weather = this.#weather;
    const slowMs = weather.felt("objects-slow") * 3000;
    const isDown = weather.felt("objects-down") > 0 || weather.hits("objects-overloaded");
    const { random } = this.#world;
    const sendMs = 1 + random() * 10 + slowMs * random();
    return { sendMs, replyMs: 1 + random() * 10, isDown };
  }
}

const toBuffer = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;
