// Owns what the dev process answers the Workers of dev: what becomes of a call, and counting it.
import type { Counters } from "./counters.ts";
import type { FaultBoard } from "./fault-board.ts";
import type { NodeHandler } from "./runtime-worker.ts";
import type { Answer, Question } from "./worker/ask.ts";

/** Restarts and evictions of objects, as numbers that only grow; by target of /dev/faults. */
export class ObjectEvents {
  readonly #counts = { restart: new Map<string, number>(), evict: new Map<string, number>() };

  add(target: string, mode: "restart" | "evict"): void {
    this.#counts[mode].set(target, (this.#counts[mode].get(target) ?? 0) + 1);
  }

  sum(targets: readonly string[], mode: "restart" | "evict"): number {
    return targets.reduce((sum, target) => sum + (this.#counts[mode].get(target) ?? 0), 0);
  }
}

/** What the answers come from. */
export interface QuestionSources {
  readonly board: FaultBoard;
  readonly counters: Counters;
  readonly events: ObjectEvents;
  /** The key-encryption key in force and the one before; null for those that the objects started with. */
  readonly keks: () => Answer["keks"];
}

/** The handler behind the binding of dev's Workers to this process. */
export const answerQuestions =
  ({ board, counters, events, keks }: QuestionSources): NodeHandler =>
  async (request) => {
    const { targets, count } = (await request.json()) as Question;
    if (count) counters.add(count.workload, count.name);
    const answer: Answer = {
      effect: board.effectOn(targets, Date.now(), Math.random),
      restarts: events.sum(targets, "restart"),
      evictions: events.sum(targets, "evict"),
      keks: keks(),
    };
    return Response.json(answer);
  };
