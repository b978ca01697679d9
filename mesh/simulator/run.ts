// Owns one run: an edge is born, callers call, the weather drawn for the seed happens, and the judge looks on.
import { EPOCH_MS } from "../contract/identity.ts";
import { running, standIn, standInTime } from "./core/ambient.ts";
import { Isolates } from "./core/isolates.ts";
import { Machine } from "./core/machine.ts";
import { START_MS } from "./core/trace.ts";
import { Weather } from "./core/weather.ts";
import { World } from "./core/world.ts";
import { Planes } from "./edge/planes.ts";
import { standInFetch } from "./edge/response.ts";
import { CALLEES, FRONT, MALLORY, seedOf } from "./edge/tables.ts";
import { standInCrypto } from "./edge/web-crypto.ts";
import { Worker, type Deployment } from "./edge/worker.ts";
import { Judge, type InvariantName, type Violation } from "./judge/invariants.ts";
import { Ledger } from "./judge/ledger.ts";
import { Attacker } from "./scenario/attacker.ts";
import { drawSwarm, FAULTY_MS, RUN_MS } from "./scenario/swarm.ts";
import type { FaultName, Sky, Swarm } from "./scenario/swarm.ts";
import { Traffic } from "./scenario/traffic.ts";

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
  const restores = [...standInTime(), ...standInFetch(), ...standInCrypto(), standInLog()];
  try {
    const edge = await Edge.build(drawSwarm(seed, calls));
    return await edge.run();
  } finally {
    for (const restore of restores) restore();
  }
}

/** Nobody reads what Workers log. */
const standInLog = (): (() => void) =>
  standIn(console, "log", (own) => (...line: readonly unknown[]) => {
    if (running.getStore() === undefined) own(...line);
  });

const WEATHER_EVERY_MS = 500;
/** Clocks differ by that much at any time. */
const TOLERATED_SKEW_MS = 2000;
/** Attacks in one turn of the weather. */
const STRIKES = 10;
/** The pool of the isolates that call; those of the called are named by workload and colo. */
const CALLERS = "callers";

class Edge {
  readonly #swarm: Swarm;
  readonly #world: World;
  readonly #weather: Sky;
  readonly #planes: Planes;
  readonly #judge: Judge;
  readonly #ledger: Ledger;
  readonly #attacker: Attacker;
  readonly #traffic: Traffic;
  readonly #deployment: Deployment;
  readonly #isolates: Isolates<Worker>;
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
    this.#world = new World(swarm.seed, startMs);
    this.#weather = new Weather(this.#world, swarm.faults);
    this.#planes = new Planes(this.#world, this.#weather, {
      granted: (object, generation, lease) => this.#ledger.granted(object, generation, lease),
      returned: (object, lease) => this.#ledger.returned(object, lease),
    });
    this.#judge = new Judge(this.#world, swarm.seed);
    this.#ledger = new Ledger(this.#world, this.#judge, this.#weather);
    this.#attacker = new Attacker(this.#world, this.#ledger, this.#weather);
    this.#traffic = new Traffic(swarm, {
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
      isolateOf: (workload, colo) => this.#isolates.serving(workload, colo),
      tamper: (workload, answer) => this.#attacker.tamper(workload, answer),
    };
    this.#isolates = new Isolates(this.#world, (workload, colo) => this.#born(workload, colo));
  }

  async run(): Promise<SeedReport> {
    const world = this.#world;
    const { callers, colos, faults } = this.#swarm;
    for (let at = 0; at < callers; at += 1) this.#bearCaller(FRONT, at % colos);
    if (faults.some(({ name }) => name === "revoke" || name === "attack"))
      this.#bearCaller(MALLORY, 0);
    world.after(WEATHER_EVERY_MS, () => this.#turn());
    await world.run(world.startMs + RUN_MS);
    this.#isOver = true;
    this.#traffic.end();
    await world.run(world.startMs + RUN_MS + 30_000);
    this.#ledger.close(this.#planes.verdicts());
    const { calls, succeeded, reasons } = this.#ledger;
    const { met, broken, violations } = this.#judge;
    return {
      seed: this.#swarm.seed,
      calls,
      succeeded,
      reasons: Object.fromEntries(reasons),
      hash: world.trace.hash,
      met,
      fired: Object.fromEntries(this.#weather.fired),
      broken,
      violations,
    };
  }

  // --- isolates

  #born(workload: string, colo: number): Worker {
    const mostMs = this.#weather.felt("skew") > 0 ? 10_000 : TOLERATED_SKEW_MS;
    const machine = new Machine(this.#world, (this.#world.random() * 2 - 1) * mostMs);
    return new Worker(machine, workload, colo, this.#deployment, this.#traffic);
  }

  #bearCaller(workload: string, colo: number): void {
    const worker = this.#isolates.bear(workload, colo, CALLERS);
    this.#traffic.plan(worker, Number.POSITIVE_INFINITY);
  }

  /** A caller that is gone is born again: there is always work for it. */
  #evictSome(share: number): void {
    this.#isolates.evict(share, ({ workload, colo }) => {
      if (!CALLEES.includes(workload)) this.#bearCaller(workload, colo);
    });
  }

  // --- weather

  #turn(): void {
    const world = this.#world;
    if (this.#isOver) return;
    world.after(WEATHER_EVERY_MS, () => this.#turn());
    for (const [name, happen] of this.#happenings) {
      const share = this.#weather.felt(name);
      if (share > 0) happen(share);
    }
    const { sinceMs } = world;
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
    for (let at = 0; at < 5; at += 1)
      this.#traffic.plan(this.#isolates.bear(FRONT, at % this.#swarm.colos), 4);
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
    for (const { machine } of this.#isolates.all())
      machine.skewMs = Math.max(-TOLERATED_SKEW_MS, Math.min(TOLERATED_SKEW_MS, machine.skewMs));
  }
}
