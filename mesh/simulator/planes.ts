// Owns the three planes as an isolate meets them: control, KV and the objects' Worker, each with its ways to fail.
import type { Revocation } from "../contract/identity.ts";
import {
  JOIN_FORMAT,
  type JoinReply,
  type JoinRequest,
  type WorkloadApi,
} from "../contract/join.ts";
import type { PulseApi } from "../contract/pulse.ts";
import { evict, exchange, type Link } from "./exchange.ts";
import { ObjectsWorker, type LeaseWatch } from "./objects.ts";
import type { Weather } from "./swarm.ts";
import { CART_VERSIONS, epochOf, keysOf, tableOf } from "./tables.ts";
import type { Machine, World } from "./world.ts";

/** A published version: its bytes, and when it was written. */
export interface Publication {
  readonly version: number;
  readonly bytes: Uint8Array;
  readonly atMs: number;
  /** Of a hundred calls of what is split. */
  readonly canaryWeight: number;
}

/** The planes of one run. */
export class Planes {
  readonly world: World;
  readonly weather: Weather;
  readonly published: Publication[] = [];
  revocations: readonly Revocation[] = [];
  readonly #control: Machine;
  /** What the objects have stored outlives them. */
  readonly #stored = new Map<string, string>();
  readonly #leases: LeaseWatch;
  #objects: ObjectsWorker;
  /** How far each colo's copy of KV lags behind, drawn per colo and version. */
  readonly #lags = new Map<string, number>();

  constructor(world: World, weather: Weather, leases: LeaseWatch) {
    this.world = world;
    this.weather = weather;
    this.#leases = leases;
    this.#control = world.machine();
    this.#objects = this.#newObjects();
    this.publish(10);
  }

  get newest(): Publication {
    const last = this.published.at(-1);
    if (last === undefined) throw new Error("nothing is published yet");
    return last;
  }

  publish(canaryWeight: number): void {
    const version = this.published.length + 1;
    const bytes = tableOf(version, canaryWeight, this.world.nowMs);
    this.published.push({ version, bytes, atMs: this.world.nowMs, canaryWeight });
    this.world.note("publish", version, canaryWeight);
  }

  /** The objects' Worker begins anew: what it had in memory is gone. */
  restartObjects(): void {
    this.world.note("objects restart", 0, 0);
    evict(this.#objects.machine);
    this.#objects = this.#newObjects();
  }

  /** Control's `join` as a workload's binding has it. */
  control(from: Machine, workload: string): WorkloadApi {
    return {
      join: (request) =>
        exchange(from, this.#control, this.#link("control-down"), () =>
          this.#joined(workload, request),
        ),
      identity: () => Promise.reject(new Error("no token is simulated")),
    };
  }

  /** The colo's copy of KV. */
  kv(from: Machine, colo: number): { get(): Promise<ArrayBuffer | null> } {
    return {
      get: () => exchange(from, this.#control, this.#link("kv-down"), () => this.#copy(colo)),
    };
  }

  /** The `Pulse` entrypoint as a workload's binding has it; reports and replies can be lost or come twice. */
  pulse(from: Machine, workload: string): PulseApi {
    const { world, weather } = this;
    const isHit = (name: "pulse-lost" | "pulse-twice"): boolean =>
      world.random() < weather.felt(name, world.nowMs);
    const ask = <T>(work: (objects: ObjectsWorker) => Promise<T>): Promise<T> => {
      const objects = this.#objects;
      const link = this.#objectsLink();
      const isReplyLost = isHit("pulse-lost");
      if (isHit("pulse-twice"))
        world.after(link.sendMs + 50, objects.machine, () => void work(objects).catch(nothing));
      return exchange(from, objects.machine, { ...link, isReplyLost }, () => work(objects));
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
    return this.#objects.verdicts().filter(({ object }) => !isIdle(object));
  }

  #newObjects(): ObjectsWorker {
    return new ObjectsWorker(
      this.world.machine(),
      this.#stored,
      () => ({ version: this.newest.version, revocations: this.revocations }),
      () => this.#objectsLink(),
      this.#leases,
    );
  }

  #joined(workload: string, { have }: JoinRequest): JoinReply {
    const { world, newest } = this;
    const epoch = epochOf(world.nowMs);
    return {
      format: JOIN_FORMAT,
      nowMs: world.nowMs,
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
    const { world, weather, published } = this;
    const lateMs = 300_000 * weather.felt("kv-late", world.nowMs);
    const seen = published.filter(
      ({ version, atMs }) =>
        atMs + this.#lag(colo, version) + lateMs <= world.nowMs || version === 1,
    );
    const at = weather.felt("kv-old", world.nowMs) > world.random() ? 0 : seen.length - 1;
    const { bytes, version } = seen[at] ?? this.newest;
    if (weather.felt("kv-truncated", world.nowMs) > world.random())
      return toBuffer(bytes.subarray(0, Math.floor(bytes.length * world.random())));
    if (weather.felt("kv-forged", world.nowMs) > world.random())
      return toBuffer(tableOf(version + 1000, 0, world.nowMs, true));
    return toBuffer(bytes);
  }

  #lag(colo: number, version: number): number {
    const key = `${colo} ${version}`;
    const known = this.#lags.get(key) ?? this.world.random() ** 2 * 60_000;
    this.#lags.set(key, known);
    return known;
  }

  #link(down: "control-down" | "kv-down"): Link {
    const { world, weather } = this;
    const isDown = weather.felt(down, world.nowMs) > 0;
    return { sendMs: 2 + world.random() * 20, replyMs: 2 + world.random() * 20, isDown };
  }

  #objectsLink(): Link {
    const { world, weather } = this;
    const slow = weather.felt("objects-slow", world.nowMs) * 3000;
    const isDown =
      weather.felt("objects-down", world.nowMs) > 0 ||
      weather.felt("objects-overloaded", world.nowMs) > world.random();
    return {
      sendMs: 1 + world.random() * 10 + slow * world.random(),
      replyMs: 1 + world.random() * 10,
      isDown,
    };
  }
}

const toBuffer = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;
const nothing = (): void => undefined;
