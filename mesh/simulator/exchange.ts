// Owns one question from a machine to another and its answer: on its way, at work, on its way back, or lost.
import type { Machine } from "./world.ts";

/** How a question travels. */
export interface Link {
  readonly sendMs: number;
  readonly replyMs: number;
  /** Nobody is there: the question fails when it arrives. */
  readonly isDown?: boolean;
  /** The work is done, and the answer fails on its way. */
  readonly isReplyLost?: boolean;
}

/** What the platform throws when the other side goes away, in its own words. */
export const LOST = "Network connection lost.";

const waiting = new WeakMap<Machine, Set<(error: Error) => void>>();

/** Asks; the answer arrives as I/O of the asking machine. Work whose machine goes away fails its asker. */
export function exchange<T>(
  from: Machine,
  to: Machine,
  link: Link,
  work: () => T | Promise<T>,
): Promise<T> {
  const { world } = from;
  return new Promise<T>((resolve, reject) => {
    const fail = (error: Error): void => void world.after(link.replyMs, from, () => reject(error));
    if (link.isDown === true || to.isGone) {
      world.after(link.sendMs, null, () => fail(new Error(LOST)));
      return;
    }
    const asked = askersOf(to);
    asked.add(fail);
    const end = (finish: () => void): void => {
      if (!asked.delete(fail)) return;
      if (link.isReplyLost === true) fail(new Error(LOST));
      else world.after(link.replyMs, from, finish);
    };
    world.after(link.sendMs, to, () => {
      Promise.resolve(tried(work)).then(
        (value) => end(() => resolve(value)),
        (error: unknown) => end(() => reject(toError(error))),
      );
    });
  });
}

const toError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error));

async function tried<T>(work: () => T | Promise<T>): Promise<T> {
  return work();
}

/** Ends a machine: everyone who waits for it hears that the connection is lost. */
export function evict(machine: Machine): void {
  machine.isGone = true;
  const asked = askersOf(machine);
  for (const fail of asked) fail(new Error(LOST));
  asked.clear();
}

function askersOf(machine: Machine): Set<(error: Error) => void> {
  let asked = waiting.get(machine);
  if (asked === undefined) {
    asked = new Set();
    waiting.set(machine, asked);
  }
  return asked;
}
