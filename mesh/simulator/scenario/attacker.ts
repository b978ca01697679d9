// Owns an attacker inside the account: it has seen what went over the wire and sends it again, changed or not.
import type { World } from "../core/world.ts";
import { LightResponse } from "../edge/response.ts";
import { MALLORY, PAY, VAULT } from "../edge/tables.ts";
import type { Arrival, Worker } from "../edge/worker.ts";
import type { Ledger } from "../judge/ledger.ts";
import type { Sky } from "./swarm.ts";

interface Captured {
  readonly callee: Worker;
  readonly arrival: Arrival;
  readonly atMs: number;
}

/** Captures that are kept. */
const KEPT = 64;
/** A session proof is dead by then: two slots, and clocks that differ. */
const STALE_MS = 30_000;

/** Strikes with what it saw; every strike must fail. */
export class Attacker {
  readonly #world: World;
  readonly #ledger: Ledger;
  readonly #weather: Sky;
  readonly #captured: Captured[] = [];
  #answer: LightResponse | null = null;
  #seen = 0;
  #strikes = 0;

  constructor(world: World, ledger: Ledger, weather: Sky) {
    this.#world = world;
    this.#ledger = ledger;
    this.#weather = weather;
  }

  /** A request on its way, as whoever sits on the wire sees it. */
  saw(callee: Worker, arrival: Arrival): void {
    if (arrival.caller === MALLORY) return;
    this.#captured[this.#seen % KEPT] = { callee, arrival, atMs: this.#world.nowMs };
    this.#seen += 1;
  }

  /** What comes back over the wire; now and then somebody puts an older answer in its place. */
  tamper(workload: string, answer: unknown): unknown {
    if (workload !== VAULT || !(answer instanceof LightResponse) || answer.status !== 200)
      return answer;
    const older = this.#answer;
    this.#answer = answer;
    const isHit = older !== null && this.#weather.share("attack") > 0 && this.#world.random() < 0.2;
    return isHit ? older : answer;
  }

  /** One attack of each kind, as far as there is something to go by. */
  strike(): void {
    const { random } = this.#world;
    const at = this.#captured[Math.floor(random() * this.#captured.length)];
    if (at === undefined) return;
    const { arrival, callee } = at;
    const cut = arrival.envelope.indexOf("|");
    const context = arrival.envelope.slice(0, cut);
    const proof = arrival.envelope.slice(cut + 1);
    this.#send(callee, { ...arrival, envelope: context });
    this.#send(callee, { ...arrival, caller: MALLORY, envelope: "" });
    this.#send(callee, { ...arrival, envelope: `${context}|${flipped(proof, random())}` });
    if (callee.workload === VAULT) this.#send(callee, arrival, true);
    const other = this.#captured.find((seen) => seen.callee.workload !== callee.workload);
    if (other !== undefined && other.callee.workload === PAY) this.#send(other.callee, arrival);
    if (this.#world.nowMs - at.atMs > STALE_MS) this.#send(callee, arrival);
  }

  #send(callee: Worker, arrival: Arrival, isReplay = false): void {
    this.#strikes += 1;
    const id = `attack ${this.#strikes}`;
    callee.machine.after(0, () => {
      void callee.take({ ...arrival, id }).then(
        (answer) => this.#ledger.struck(callee, isReplay, answer),
        () => undefined,
      );
    });
  }
}

/** A proof with one character of its end changed. */
function flipped(proof: string, chance: number): string {
  const at = proof.length - 1 - Math.floor(chance * 20);
  const instead = proof[at] === "A" ? "B" : "A";
  return proof.slice(0, at) + instead + proof.slice(at + 1);
}
