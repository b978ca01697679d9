// Owns Gateway API duration strings (GEP-2257): up to four of `<1 to 5 digits><h|m|s|ms>`.
import * as z from "zod";
import { problem } from "./problem.ts";

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
const PATTERN = /^([0-9]{1,5}(h|m|s|ms)){1,4}$/;

/** A duration such as `15s`, `1m30s` or `50ms`. */
export const durationSchema = z
  .string()
  .regex(
    PATTERN,
    problem("is not a duration", 'Write whole numbers with h, m, s or ms, such as "1m30s".'),
  );

/** Milliseconds of a duration that `durationSchema` accepted. */
export function toMilliseconds(duration: string): number {
  let total = 0;
  for (const [, digits, unit] of duration.matchAll(/([0-9]+)(ms|h|m|s)/g)) {
    total += Number(digits) * (UNIT_MS[unit ?? ""] ?? 0);
  }
  return total;
}
