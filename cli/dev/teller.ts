// Owns what `heddle dev` tells a person while it runs.
import type { Complaint } from "../exit.ts";
import { complaintLines, complaintsOf, type Level } from "../output/complain.ts";
import type { RuntimeLog } from "./runtime.ts";

export interface Teller {
  line(text: string): void;
  complain(complaint: Complaint, level: Level): void;
  /** An error that leaves the mesh running as it was. */
  fail(error: unknown): void;
  /** What Workers print. */
  readonly fromWorkers: (log: RuntimeLog) => void;
}

/** Tells line by line; `isQuiet` leaves out what Workers print, but for errors. */
export function createTeller(log: (line: string) => void, isQuiet: boolean): Teller {
  const complain = (complaint: Complaint, level: Level): void => {
    for (const line of complaintLines(complaint, level)) log(line);
  };
  return {
    line: log,
    complain,
    fail: (error) => {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      for (const complaint of complaintsOf(error) ?? [{ message }]) complain(complaint, "error");
    },
    fromWorkers: ({ level, message }) => {
      if (!isQuiet || level === "error") log(`[${level}] ${message}`);
    },
  };
}
