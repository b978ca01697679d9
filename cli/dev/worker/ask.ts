// Owns how a dev Worker learns what becomes of a call: it asks the dev process, which keeps the faults and counts.
import type { CountName } from "../counters.ts";
import type { Effect } from "../fault-board.ts";

/** What is asked before a call goes on. */
export interface Question {
  /** The call goes to all of these targets of /dev/faults. */
  readonly targets: readonly string[];
  /** Who calls, and as what it counts. */
  readonly count?: { readonly workload: string; readonly name: CountName };
}

/** What the dev process answers. */
export interface Answer {
  readonly effect: Effect;
  /** How often the objects were told to restart and to forget. */
  readonly restarts: number;
  readonly evictions: number;
  /** Secrets of the objects since another key-encryption key took over; null: none did. */
  readonly keks: { readonly HEDDLE_KEK: string; readonly HEDDLE_KEK_BEFORE: string } | null;
}

/** Asks the dev process through its binding. */
export async function ask(node: Fetcher, question: Question): Promise<Answer> {
  const response = await node.fetch("http://heddle.dev/ask", {
    method: "POST",
    body: JSON.stringify(question),
  });
  return await response.json<Answer>();
}

/** Lets a call go on, late or not at all. True where it should come back with nothing. */
export async function suffer(effect: Effect, what: string): Promise<boolean> {
  switch (effect.kind) {
    case "none":
      return false;
    case "empty":
      return true;
    case "delay":
      await new Promise((resolve) => setTimeout(resolve, effect.ms));
      return false;
    case "throw":
      throw new Error(`${what} is down (a fault of /dev/faults)`);
    case "overload":
      throw Object.assign(new Error(`${what} is overloaded (a fault of /dev/faults)`), {
        overloaded: true,
      });
  }
}
