// Owns what a run knows of each call from outside, and holds it against the invariants.
import { DEFAULT_BREAKER } from "../../contract/defaults.ts";
import type { Verdict } from "../../contract/pulse.ts";
import { REASONS, type Reason } from "../../contract/reasons.ts";
import type { InboundCall } from "../../pipeline/call.ts";
import type { Outcome } from "../../pipeline/outcome.ts";
import { isRefused } from "../../pipeline/problem.ts";
import type { World } from "../core/world.ts";
import { LightResponse } from "../edge/response.ts";
import { FRONT, MALLORY, RETRIES, VAULT } from "../edge/tables.ts";
import type { Arrival, Sent, Worker } from "../edge/worker.ts";
import type { FaultName, Sky } from "../scenario/swarm.ts";
import type { Judge } from "./invariants.ts";

/** A call as its caller made it. */
export interface CallNote {
  readonly id: string;
  readonly to: string;
  readonly caller: Worker;
  readonly startedMs: number;
  readonly leftMs: number;
  readonly isRepeatable: boolean;
  /** Handler runs so far. */
  runs: number;
  traceId: string;
}

/** Reasons that are nobody's fault but the mesh's own, where a plane was away. */
const MESH_CAUSED: ReadonlySet<Reason> = new Set<Reason>([
  "no_table",
  "no_keys",
  "unknown_service",
  "no_route",
  "not_synced",
  "unknown_epoch",
  "bad_mac",
  "stale",
  "malformed",
  "unauthenticated",
  "weak_proof",
  "mesh_error",
]);
const PLANES: readonly (readonly FaultName[])[] = [
  ["control-down"],
  ["kv-down", "kv-late", "kv-old", "kv-truncated", "kv-forged"],
  [
    "objects-down",
    "objects-slow",
    "objects-overloaded",
    "objects-restart",
    "pulse-lost",
    "pulse-twice",
  ],
];
/** A revoked caller is out by then: the lease, a pulse, and what they take. */
const REVOKED_WITHIN_MS = 35_000;
/** How long the absence of a plane can still be felt. */
const FELT_MS = 60_000;
const WINDOW_MS = 10_000;
/** With fewer calls a share of them says little. */
const LEAST_CALLS = 1000;
/** What budgets had saved up may be spent by then; what comes after it is the outage's own. */
const ONSET_MS = 5000;
const TICK_MS = 3;

interface Amplified {
  calls: number;
  attempts: number;
}

/** The ledger of one run. */
export class Ledger {
  calls = 0;
  succeeded = 0;
  readonly reasons = new Map<string, number>();
  /** When the attacker was revoked; Infinity before. */
  revokedMs = Number.POSITIVE_INFINITY;
  readonly #notes = new Map<string, CallNote>();
  readonly #rounds = new Map<string, Set<string>>();
  readonly #windows = new Map<number, Amplified>();
  /** Since when no call has succeeded; Infinity where the last one did. */
  #failingMs = Number.POSITIVE_INFINITY;
  readonly #outage: Amplified = { calls: 0, attempts: 0 };
  readonly #versions = new WeakMap<Worker, number>();
  readonly #denied = new WeakSet<Worker>();
  readonly #world: World;
  readonly #judge: Judge;
  readonly #weather: Sky;

  constructor(world: World, judge: Judge, weather: Sky) {
    this.#world = world;
    this.#judge = judge;
    this.#weather = weather;
  }

  open(note: Omit<CallNote, "runs" | "traceId" | "startedMs">): CallNote {
    const opened = { ...note, runs: 0, traceId: "", startedMs: this.#world.nowMs };
    this.#notes.set(note.id, opened);
    return opened;
  }

  /** The handler of a callee runs. */
  ran(callee: Worker, call: InboundCall, arrival: Arrival): void {
    const { nowMs } = this.#world;
    const judge = this.#judge;
    const isGenuine = !arrival.id.startsWith("attack");
    const isInTime =
      call.principal !== MALLORY ||
      nowMs < this.revokedMs + REVOKED_WITHIN_MS ||
      this.#planesAway(this.revokedMs, callee) > 0;
    judge.check(
      "I1",
      isGenuine && call.principal === arrival.caller && isInTime,
      () => `${arrival.id} of ${arrival.caller} ran in ${callee.workload} as ${call.principal}`,
    );
    if (call.principal === MALLORY && this.#denied.has(callee))
      judge.check("I4", false, () => `${arrival.id} ran after a refusal`);
    const note = this.#notes.get(arrival.id);
    if (note === undefined) return;
    note.runs += 1;
    const { traceId } = call.context ?? { traceId: "" };
    if (note.traceId === "") note.traceId = traceId;
    judge.check(
      "I15",
      note.traceId === traceId && note.caller.workload === call.principal,
      () => `${arrival.id} ran with the trace ${traceId}, not ${note.traceId}`,
    );
    if (!note.isRepeatable)
      judge.check("I6", note.runs <= 1, () => `${arrival.id} ran ${note.runs} times`);
  }

  /** A refusal on the way in of what an attacker sent, or of a revoked caller. */
  refused(callee: Worker, reason: string): void {
    if (reason !== "revoked") return;
    this.#denied.add(callee);
    this.#judge.check("I4", true, () => "");
  }

  /** An attacker got an answer; a proof used again must be told so. */
  struck(callee: Worker, isReplay: boolean, answer: unknown): void {
    const isGood = answer instanceof LightResponse ? answer.status === 200 : !isRefused(answer);
    this.#judge.check("I1", !isGood, () => `an attack on ${callee.workload} was answered`);
    if (isReplay) this.#judge.check("I2", !isGood, () => `${callee.workload} took a proof twice`);
  }

  /** A call has ended. */
  settle(note: CallNote, sent: Sent): boolean {
    const { outcome, attempts, detail } = sent;
    this.calls += 1;
    const reason = reasonOf(outcome);
    const isGood = reason === null;
    this.#world.note(reason ?? "ok", note.caller.machine.number, attempts);
    this.reasons.set(reason ?? "ok", (this.reasons.get(reason ?? "ok") ?? 0) + 1);
    if (isGood) this.succeeded += 1;
    this.#checkTime(note);
    this.#checkAnswer(note, outcome);
    this.#checkReason(note, reason, detail);
    this.#checkTable(note.caller);
    this.#checkAttempts(note, sent, isGood);
    if (note.runs > 0 || isGood) this.#notes.delete(note.id);
    return isGood;
  }

  /** An object has given out a lease of a probe; those that were given back are out no more. */
  granted(object: string, generation: number, lease: number): void {
    const round = `${object} ${generation}`;
    const out = this.#rounds.get(round) ?? new Set();
    this.#rounds.set(round, out.add(`${object} ${lease}`));
    this.#world.note("lease", generation, lease);
    this.#judge.check(
      "I8",
      out.size <= DEFAULT_BREAKER.probes,
      () => `${out.size} probes of one round of ${object}`,
    );
  }

  returned(object: string, lease: number): void {
    for (const out of this.#rounds.values()) out.delete(`${object} ${lease}`);
  }

  /** The run is over: amplification, now that all windows are whole, and how the circuits stand. */
  close(verdicts: readonly Verdict[]): void {
    for (const { object, state, generation } of verdicts)
      if (generation > 0)
        this.#judge.check("I8", state === "closed", () => `${object} is still ${state}`);
    for (const window of this.#windows.values()) {
      if (window.calls < LEAST_CALLS) continue;
      const ratio = window.attempts / window.calls;
      this.#judge.check("I5", ratio <= 1.25, () => `${ratio.toFixed(3)} attempts a call in 10 s`);
    }
    const { calls, attempts } = this.#outage;
    if (calls >= LEAST_CALLS)
      this.#judge.check("I5", attempts / calls <= 1.1, () => `${attempts}/${calls} in an outage`);
  }

  #checkTime({ id, startedMs, leftMs }: CallNote): void {
    if (leftMs === Number.POSITIVE_INFINITY) return;
    const tookMs = this.#world.nowMs - startedMs;
    this.#judge.check(
      "I7",
      tookMs <= leftMs + TICK_MS,
      () => `${id} took ${tookMs} of ${leftMs} ms`,
    );
  }

  #checkAnswer({ id, to }: CallNote, outcome: Outcome): void {
    if (outcome.kind !== "answer" || !(outcome.value instanceof LightResponse)) return;
    const { status, content } = outcome.value;
    if (status !== 200) return;
    if (to === VAULT) this.#judge.check("I3", content === id, () => `${id} got ${String(content)}`);
    else this.#judge.check("I15", content === id, () => `${id} got ${String(content)}`);
  }

  #checkReason(
    { id, to, caller, startedMs }: CallNote,
    reason: string | null,
    detail: string,
  ): void {
    const judge = this.#judge;
    judge.check("I9", reason !== "no_endpoint" && reason !== "not_bound", () => `${id}: ${reason}`);
    if (caller.workload === MALLORY) return;
    const away = this.#planesAway(startedMs - FELT_MS, caller);
    if (away > 1 || this.#weather.held(["skew"], startedMs - FELT_MS)) return;
    const isMeshCaused = reason !== null && MESH_CAUSED.has(reason as Reason);
    if (away === 1 || isMeshCaused)
      judge.check(
        "I13",
        !isMeshCaused,
        () =>
          `call ${id} of machine ${caller.machine.number} to ${to}: ${reason} (${detail}), ${away} planes away`,
      );
  }

  #checkTable(worker: Worker): void {
    const version = worker.mesh.table()?.version ?? 0;
    const before = this.#versions.get(worker) ?? 0;
    if (version === before) return;
    this.#versions.set(worker, version);
    this.#judge.check("I12", version > before && version < 1000, () => `${before} to ${version}`);
  }

  #checkAttempts(note: CallNote, { attempts, dispatched }: Sent, isGood: boolean): void {
    const { nowMs } = this.#world;
    const most = note.isRepeatable ? 1 + RETRIES : 1;
    this.#judge.check("I5", attempts <= most, () => `${note.id}: ${attempts} attempts`);
    if (!note.isRepeatable || note.caller.workload !== FRONT) return;
    const at = Math.floor(nowMs / WINDOW_MS);
    let window = this.#windows.get(at);
    if (window === undefined) {
      window = { calls: 0, attempts: 0 };
      this.#windows.set(at, window);
    }
    window.calls += 1;
    window.attempts += dispatched;
    this.#failingMs = isGood ? Number.POSITIVE_INFINITY : Math.min(this.#failingMs, nowMs);
    if (nowMs - this.#failingMs < ONSET_MS) return;
    this.#outage.calls += 1;
    this.#outage.attempts += dispatched;
  }

  #planesAway(fromMs: number, { bornMs }: Worker): number {
    const from = Math.max(fromMs, bornMs);
    return PLANES.filter((names) => this.#weather.held(names, from)).length;
  }
}

/** Null for an answer of the callee's application. */
function reasonOf(outcome: Outcome): string | null {
  if (outcome.kind !== "answer") return outcome.reason;
  if (!(outcome.value instanceof LightResponse)) return null;
  const { status, content } = outcome.value;
  if (status === 200) return null;
  const said = typeof content === "string" && content.startsWith("{") ? reasonIn(content) : null;
  return said ?? `status ${status}`;
}

function reasonIn(problem: string): string | null {
  const { reason } = JSON.parse(problem) as { reason?: unknown };
  return typeof reason === "string" && Object.hasOwn(REASONS, reason) ? reason : null;
}
