// Owns showing something again and again until the user has seen enough.
import { setTimeout as sleep } from "node:timers/promises";
import type { Io } from "../io.ts";
import { complain } from "./complain.ts";
import { CliError, EXIT } from "../exit.ts";

const EVERY_MS = 2000;
const CLEAR = "\u001B[H\u001B[2J\u001B[3J";

/**
 * Shows it every `everyMs` (two seconds) until SIGINT: over the last one on a terminal, else below it. A control that is away for a
 * while is said once; whatever else goes wrong ends it.
 */
export async function watching(
  io: Io,
  show: () => Promise<string>,
  everyMs: number = EVERY_MS,
): Promise<void> {
  const stop = new AbortController();
  io.onStop(() => stop.abort());
  let isAway = false;
  for (let turn = 0; !stop.signal.aborted; turn++) {
    try {
      const text = await show();
      if (stop.signal.aborted) return;
      io.out(io.isTerminal === true ? CLEAR + text : text);
      isAway = false;
    } catch (error) {
      if (turn === 0 || !isUnreachable(error)) throw error;
      if (!isAway) error.complaints.forEach((complaint) => complain(io, complaint, "warning"));
      isAway = true;
    }
    await sleep(everyMs, undefined, { signal: stop.signal }).catch(() => undefined);
  }
}

const isUnreachable = (error: unknown): error is CliError =>
  error instanceof CliError && error.exit === EXIT.unreachable;
