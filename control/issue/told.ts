// Owns telling the audit trail that a workload was given keys: once per workload and minute, and off the path.
import { ISSUED_KEYS } from "../../mesh/contract/state.ts";
import type { Control } from "../control.ts";
import type { Memory } from "./memory.ts";

const MINUTE_MS = 60_000;
const MOST_TOLD = 10_000;

/** When each workload was last told of, in minutes since the epoch; beside what an isolate of control remembers. */
const toldBy = new WeakMap<Memory, Map<string, number>>();

/** Notes that keys were given out. */
export function tellIssued(
  memory: Memory,
  { store, clock, waitUntil }: Pick<Control, "store" | "clock" | "waitUntil">,
  workload: string,
): void {
  const minute = Math.floor(clock.now() / MINUTE_MS);
  const told = toldBy.get(memory) ?? new Map<string, number>();
  toldBy.set(memory, told);
  if (told.get(workload) === minute) return;
  if (told.size >= MOST_TOLD) told.clear();
  told.set(workload, minute);
  const entry = { by: workload, action: ISSUED_KEYS, status: 200, subject: workload };
  waitUntil(store.audit(entry).catch(() => undefined));
}
