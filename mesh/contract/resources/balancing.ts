// Owns how calls spread over the endpoints of a service: mode, consistent hashing, slow start, locality, panic, subsets.
import * as z from "zod";
import { durationSchema } from "./duration.ts";
import { headerNameSchema, labelKeySchema } from "./meta.ts";
import { problem } from "./problem.ts";

/** Modes that send a key to the endpoint it belongs to. */
const HASHES: ReadonlySet<string> = new Set(["ring", "maglev", "rendezvous"]);

const hashSchema = z
  .strictObject({
    on: z.enum(["header", "cookie", "query", "path", "cohort", "caller"]),
    /** Of the header, cookie or query parameter. */
    name: headerNameSchema.optional(),
  })
  .superRefine(({ on, name }, context) => {
    const isNamed = ["header", "cookie", "query"].includes(on);
    if (isNamed === (name !== undefined)) return;
    const message = isNamed
      ? problem(`is missing for ${on}`, `Name the ${on}.`)
      : problem(`does not go with ${on}`, "Remove it.");
    context.addIssue({ code: "custom", path: ["name"], message });
  });

const localitySchema = z
  .strictObject({
    /** Shares of localities, each scaled by how much of it is healthy. */
    weights: z.record(z.string().min(1).max(63), z.int().min(0).max(1_000_000)).optional(),
    /** Localities in the order they are preferred in; what is in none of them comes last. */
    failover: z.array(z.string().min(1).max(63)).min(1).max(32).optional(),
  })
  .refine(
    ({ weights, failover }) => (weights === undefined) !== (failover === undefined),
    problem("has not exactly one of weights and failover", "Keep one of the two."),
  );

/** `spec.balancing`. */
export const balancingSchema = z
  .strictObject({
    mode: z
      .enum(["round-robin", "p2c", "least-request", "peak-ewma", "ring", "maglev", "rendezvous"])
      .default("p2c"),
    /** What belongs to one endpoint; for ring, maglev and rendezvous. */
    hash: hashSchema.optional(),
    /** Of an endpoint of weight 1 on the ring; default 100. */
    points: z.int().min(1).max(10_000).optional(),
    /** With consistent hashing: no endpoint has more than this many times its share in flight. */
    bound: z.number().min(1.01).max(100).optional(),
    /** How much load takes from an endpoint's weight, for least-request; default 1. */
    bias: z.number().min(0).max(10).optional(),
    /** A new endpoint's share grows over the window. */
    slowStart: z
      .strictObject({
        window: durationSchema,
        /** 1 is linear, above 1 faster at first; default 1. */
        aggression: z.number().min(0.1).max(10).default(1),
        /** Percent of its weight that an endpoint begins with; default 10. */
        minWeight: z.int().min(1).max(100).default(10),
      })
      .optional(),
    locality: localitySchema.optional(),
    /** Percent of healthy endpoints below which health is looked at no more; default 50, 0 is never. */
    panicThreshold: z.int().min(0).max(100).optional(),
    /** Endpoints whose label is what a request header says. */
    subset: z
      .strictObject({
        label: labelKeySchema,
        header: headerNameSchema,
        /** Where no endpoint has it, or the header is absent; default any. */
        fallback: z.enum(["any", "none"]).default("any"),
      })
      .optional(),
  })
  .superRefine((given, context) => {
    const add = (path: string, what: string, mend: string): void =>
      context.addIssue({ code: "custom", path: [path], message: problem(what, mend) });
    const { mode } = given;
    if (HASHES.has(mode) && !given.hash)
      add("hash", `is missing for mode ${mode}`, "Say what to hash on.");
    for (const field of ["hash", "bound"] as const)
      if (!HASHES.has(mode) && given[field] !== undefined)
        add(
          field,
          `does not go with mode ${mode}`,
          "Remove it, or use ring, maglev or rendezvous.",
        );
    if (mode !== "ring" && given.points !== undefined)
      add("points", `does not go with mode ${mode}`, "Remove it, or use ring.");
    if (mode !== "least-request" && given.bias !== undefined)
      add("bias", `does not go with mode ${mode}`, "Remove it, or use least-request.");
  });
export type BalancingSpec = z.infer<typeof balancingSchema>;
