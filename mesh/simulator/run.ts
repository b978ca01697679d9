// Owns one run: an edge is born, callers call, the weather drawn for the seed happens, and the judge looks on.
import { EPOCH_MS } from "../contract/identity.ts";
import { installAmbient } from "./ambient.ts";
import { Attacker } from "./attacker.ts";
import { evict } from "./exchange.ts";
import { Judge, type InvariantName, type Violation } from "./invariants.ts";
import { Ledger } from "./ledger.ts";
import { Planes } from "./planes.ts";
import { drawSwarm, FAULTY_MS, RUN_MS, Weather, type FaultName, type Swarm } from "./swarm.ts";
import { CALLEES, FRONT, MALLORY, seedOf } from "./tables.ts";
import { Traffic } from "./traffic.ts";
import { Worker, type Deployment } from "./worker.ts";
import { START_MS, World } from "./world.ts";

/** What came of one seed. */
export interface SeedReport {
  readonly seed: number;
  readonly calls: number;
  readonly succeeded: number;
  readonly reasons: Readonly<Record<string, number>>;
  /** Of the whole trace: the same for the same seed, calls and build. */
  readonly hash: string;
  readonly met: Readonly<Record<InvariantName, number>>;
  readonly fired: Readonly<Partial<Record<FaultName, number>>>;
  readonly broken: number;
  readonly violations: readonly Violation[];
}

/** Runs one seed with about as many calls. */
export async function runSeed(seed: number, calls: number): Promise<SeedReport> {
  const restore = installAmbient();
  try {
    const edge = await Edge.build(drawSwarm(seed, calls));
    return await edge.run();
  } finally {
    restore();
  }
}

const WEATHER_EVERY_MS = 500;
/** Attacks in one turn of the weather. */
const STRIKES = 10;
/** Isolates of one callee in one colo, at most. */
const MOST_PER_COLO = 4;

class Edge {
  readonly #swarm: Swarm;
  readonly #world: World;
  readonly #weather: Weather;
  readonly #planes: Planes;
  readonly #judge: Judge;
  readonly #ledger: Ledger;
  readonly #attacker: Attacker;
  readonly #traffic: Traffic;
  readonly #startMs: number;
  readonly #deployment: Deployment;
  readonly #callees = new Map<string, Worker[]>();
  readonly #callers: Worker[] = [];
  #isOver = false;

  static async build(swarm: Swarm): Promise<Edge> {
    // The epoch ends while the run goes on, somewhere in its first two minutes.
    const startMs = START_MS + EPOCH_MS - Math.floor(swarm.beforeEpoch * 120_000);
    const seeds = new Map<string, Awaited<ReturnType<typeof seedOf>>>();
    for (const workload of [FRONT, MALLORY, ...CALLEES])
      seeds.set(workload, await seedOf(workload, startMs));
    return new Edge(swarm, startMs, seeds);
  }

  private constructor(swarm: Swarm, startMs: number, seeds: Deployment["seeds"]) {
    this.#swarm = swarm;
    this.#startMs = startMs;
    this.#world = new World(swarm.seed, startMs);
    this.#weather = new Weather(swarm, startMs);
    this.#planes = new Planes(this.#world, this.#weather, {
      granted: (object, generation, lease) => this.#ledger.granted(object, generation, lease),
      returned: (object, lease) => this.#ledger.returned(object, lease),
    });
    this.#judge = new Judge(this.#world, swarm.seed);
    this.#ledger = new Ledger(this.#world, this.#judge, this.#weather);
    this.#attacker = new Attacker(this.#world, this.#ledger, this.#weather);
    this.#traffic = new Traffic(swarm, startMs, {
      world: this.#world,
      weather: this.#weather,
      judge: this.#judge,
      ledger: this.#ledger,
      attacker: this.#attacker,
    });
    this.#deployment = {
      planes: this.#planes,
      seeds,
      table: Buffer.from(this.#planes.newest.bytes).toString("base64"),
      isolateOf: (workload, colo) => this.#calleeOf(workload, colo),
      tamper: (workload, answer) => this.#attacker.tamper(workload, answer),
    };
  }

  async run(): Promise<SeedReport> {
    const world = this.#world;
    const { callers, colos, faults } = this.#swarm;
    for (let at = 0; at < callers; at += 1) this.#bearCaller(FRONT, at % colos, true);
    if (faults.some(({ name }) => name === "revoke" || name === "attack"))
      this.#bearCaller(MALLORY, 0, true);
    world.after(WEATHER_EVERY_MS, null, () => this.#turn());
    await world.run(this.#startMs + RUN_MS);
    this.#isOver = true;
    this.#traffic.end();
    await world.run(this.#startMs + RUN_MS + 30_000);
    this.#ledger.close(this.#planes.verdicts());
    const { calls, succeeded, reasons } = this.#ledger;
    const { met, broken, violations } = this.#judge;
    return {
      seed: this.#swarm.seed,
      calls,
      succeeded,
      reasons: Object.fromEntries(reasons),
      hash: world.hash,
      met,
      fired: Object.fromEntries(this.#weather.fired),
      broken,
      violations,
    };
  }

  // --- machines

  #bear(workload: string, colo: number): Worker {
    const world = this.#world;
    const most = this.#weather.felt("skew", world.nowMs) > 0 ? 10_000 : 2000;
    const machine = world.machine((world.random() * 2 - 1) * most);
    world.note(`birth ${workload}`, machine.number, colo);
    return new Worker(machine, workload, colo, this.#deployment, this.#traffic);
  }

  #bearCaller(workload: string, colo: number, isLasting: boolean): void {
    const worker = this.#bear(workload, colo);
    // One that soon has nothing to do is not born again.
    if (isLasting) this.#callers.push(worker);
    this.#traffic.plan(worker, isLasting ? Number.POSITIVE_INFINITY : 4);
  }

  #calleeOf(workload: string, colo: number): Worker {
    const world = this.#world;
    const key = `${workload} ${colo}`;
    const pool = this.#callees.get(key)?.filter(({ machine }) => !machine.isGone) ?? [];
    this.#callees.set(key, pool);
    const isFew = pool.length < MOST_PER_COLO && world.random() < 0.002;
    const known = isFew ? undefined : pool[Math.floor(world.random() * pool.length)];
    if (known !== undefined) return known;
    const born = this.#bear(workload, colo);
    pool.push(born);
    return born;
  }

  #evictSome(share: number): void {
    const world = this.#world;
    for (const worker of [...this.#callers, ...[...this.#callees.values()].flat()]) {
      if (worker.machine.isGone || world.random() >= share) continue;
      world.note("evict", worker.machine.number, 0);
      evict(worker.machine);
      if (this.#callers.includes(worker)) {
        this.#callers.splice(this.#callers.indexOf(worker), 1);
        this.#bearCaller(worker.workload, worker.colo, true);
      }
    }
  }

  // --- weather

  #turn(): void {
    const world = this.#world;
    if (this.#isOver) return;
    world.after(WEATHER_EVERY_MS, null, () => this.#turn());
    for (const [name, happen] of this.#happenings) {
      const share = this.#weather.felt(name, world.nowMs);
      if (share > 0) happen(share);
    }
    const sinceMs = world.nowMs - this.#startMs;
    if (sinceMs >= FAULTY_MS && sinceMs < FAULTY_MS + WEATHER_EVERY_MS) this.#setClocks();
  }

  /** What the weather does by itself; all else is felt by whoever meets it. */
  readonly #happenings: readonly (readonly [FaultName, (share: number) => void])[] = [
    ["evict", (share) => this.#evictSome(0.02 + share * 0.1)],
    ["births", (share) => this.#sometimes(share, () => this.#thunder())],
    ["publish", (share) => this.#sometimes(share, () => this.#publish())],
    [
      "objects-restart",
      (share) => this.#sometimes(share * 0.3, () => this.#planes.restartObjects()),
    ],
    ["revoke", () => this.#revoke()],
    ["attack", () => this.#strike()],
  ];

  #sometimes(share: number, happen: () => void): void {
    if (this.#world.random() < share) happen();
  }

  /** Many isolates are born at once, and soon have nothing to do. */
  #thunder(): void {
    for (let at = 0; at < 5; at += 1) this.#bearCaller(FRONT, at % this.#swarm.colos, false);
  }

  #publish(): void {
    this.#planes.publish(Math.floor(this.#world.random() * 101));
  }

  #strike(): void {
    for (let at = 0; at < STRIKES; at += 1) this.#attacker.strike();
  }

  #revoke(): void {
    if (this.#planes.revocations.length > 0) return;
    const { nowMs } = this.#world;
    this.#planes.revocations = [{ kind: "subject", value: MALLORY, atMs: nowMs }];
    this.#ledger.revokedMs = nowMs;
    this.#world.note("revoke", 0, 0);
  }

  /** Clocks that went wrong go right again. */
  #setClocks(): void {
    for (const { machine } of [...this.#callers, ...[...this.#callees.values()].flat()])
      machine.skewMs = Math.max(-2000, Math.min(2000, machine.skewMs));
  }
}
