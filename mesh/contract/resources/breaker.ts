// Owns how a breaker policy is written: in a TrafficPolicy, and as a default of the Mesh.
import * as z from "zod";
import { DEFAULT_BREAKER } from "../defaults.ts";
import type { BreakerPolicy } from "../table.ts";
import { durationSchema, toMilliseconds } from "./duration.ts";
import { problem } from "./problem.ts";

const shareSchema = z.number().min(0).max(1);

/** What is left out keeps the mesh's default; 0 turns a trigger off. */
export const breakerSchema = z
  .strictObject({
    consecutive: z.int().min(0).max(100_000).optional(),
    failureRatio: shareSchema.optional(),
    slowRatio: shareSchema.optional(),
    /** A call that takes longer is slow. */
    slow: durationSchema.optional(),
    minimumCalls: z.int().min(1).max(100_000).optional(),
    window: durationSchema.optional(),
    /** The first open period, and the longest. */
    openTime: z
      .strictObject({ base: durationSchema.optional(), max: durationSchema.optional() })
      .optional(),
    probes: z.int().min(1).max(100).optional(),
    /** Names of errors thrown over RPC that count as failures. */
    exceptions: z.array(z.string().min(1).max(128)).max(32).optional(),
  })
  .superRefine((given, context) => {
    const add = (path: string[], what: string, mend: string): void =>
      context.addIssue({ code: "custom", path, message: problem(what, mend), input: given });
    const { windowMs, baseOpenMs, maxOpenMs, slowRatio, slowMs } = toBreaker(
      given,
      DEFAULT_BREAKER,
    );
    if (windowMs < 1000 || windowMs > 600_000)
      add(["window"], "is out of range", "Write a duration from 1s to 10m.");
    if (baseOpenMs < 100) add(["openTime", "base"], "is too short", "Write at least 100ms.");
    if (maxOpenMs < baseOpenMs)
      add(["openTime", "max"], "is shorter than openTime.base", "Write at least as much.");
    if (slowRatio > 0 && slowMs === 0)
      add(["slow"], "is missing for slowRatio", "Say from when on a call is slow, such as 500ms.");
  });
export type BreakerSpec = z.infer<typeof breakerSchema>;

const ms = (duration: string | undefined, normal: number): number =>
  duration === undefined ? normal : toMilliseconds(duration);

/** A breaker as written, over the policy that holds without it. */
export const toBreaker = (given: BreakerSpec, normal: BreakerPolicy): BreakerPolicy => ({
  consecutive: given.consecutive ?? normal.consecutive,
  failureRatio: given.failureRatio ?? normal.failureRatio,
  slowRatio: given.slowRatio ?? normal.slowRatio,
  slowMs: ms(given.slow, normal.slowMs),
  minimumCalls: given.minimumCalls ?? normal.minimumCalls,
  windowMs: ms(given.window, normal.windowMs),
  baseOpenMs: ms(given.openTime?.base, normal.baseOpenMs),
  maxOpenMs: ms(given.openTime?.max, normal.maxOpenMs),
  probes: given.probes ?? normal.probes,
  exceptions: given.exceptions ?? normal.exceptions,
});
