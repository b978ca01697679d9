// Owns the kind TrafficPolicy: how calls to a service, one of its endpoints, a route or an RPC method are protected.
import * as z from "zod";
import { balancingSchema } from "./balancing.ts";
import { breakerSchema } from "./breaker.ts";
import { retrySchema, timeoutsSchema } from "./http-route.ts";
import { HEDDLE_API, objectNameSchema, resourceSchema, subdomainSchema, uniqueBy } from "./meta.ts";
import { problem } from "./problem.ts";

const targetSchema = z
  .strictObject({
    kind: z.enum(["Service", "HTTPRoute"]).default("Service"),
    /** Of the policy's own namespace. */
    name: objectNameSchema,
    /** One endpoint of the service: its name, or that of its Worker. Absent: each of them. */
    sectionName: z.string().min(1).max(253).optional(),
    /** One RPC method, which gets circuits of its own. */
    method: z
      .string()
      .max(256)
      .regex(
        /^[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)+$/,
        problem("is not an RPC method", 'Write "Entrypoint.method", such as "Payments.charge".'),
      )
      .optional(),
  })
  .refine(
    (target) => target.kind === "Service" || (target.sectionName ?? target.method) === undefined,
    problem("names a part of a route", "Leave sectionName and method out, or target a Service."),
  );

export const trafficPolicySpecSchema = z
  .strictObject({
    targetRefs: z
      .array(targetSchema)
      .min(1)
      .max(16)
      .superRefine(
        uniqueBy(
          ({ kind, name, sectionName, method }) =>
            JSON.stringify([kind, name, sectionName ?? "", method ?? ""]),
          "the target",
        ),
      ),
    breaker: breakerSchema.optional(),
    /** Of a whole service only. */
    bulkhead: z.strictObject({ maxInFlight: z.int().min(1).max(1_000_000) }).optional(),
    /** Of a whole service only; in the place of the service's own. */
    balancing: balancingSchema.optional(),
    /** Of a whole service or route; what a rule says itself holds first. */
    timeouts: timeoutsSchema.optional(),
    /** Of a whole service or route, within the budget of the mesh's default; 0 attempts is none. */
    retry: retrySchema.extend({ attempts: z.int().min(0).max(10).optional() }).optional(),
  })
  .superRefine((spec, context) => {
    const add = (path: string[], what: string, mend: string): void =>
      context.addIssue({ code: "custom", path, message: problem(what, mend), input: spec });
    const { breaker, bulkhead, balancing, timeouts, retry } = spec;
    if ((breaker ?? bulkhead ?? balancing ?? timeouts ?? retry) === undefined)
      add([], "says nothing", "Add breaker, bulkhead, balancing, timeouts or retry.");
    const isWhole = spec.targetRefs.every(
      ({ kind, sectionName, method }) =>
        kind === "Service" && sectionName === undefined && method === undefined,
    );
    for (const field of ["bulkhead", "balancing"] as const)
      if (spec[field] !== undefined && !isWhole)
        add([field], "is for whole services", "Target Services without sectionName and method.");
    const hasParts = spec.targetRefs.some(
      ({ sectionName, method }) => (sectionName ?? method) !== undefined,
    );
    for (const field of ["timeouts", "retry"] as const)
      if (spec[field] !== undefined && hasParts)
        add(
          [field],
          "is for whole services and routes",
          "Leave sectionName and method out; an RPCRoute has timeouts for single methods.",
        );
  });
export type TrafficPolicySpec = z.infer<typeof trafficPolicySpecSchema>;

/** The kind TrafficPolicy. */
export const trafficPolicySchema = resourceSchema({
  apiVersions: [HEDDLE_API],
  kind: "TrafficPolicy",
  name: subdomainSchema,
  namespaced: true,
  spec: trafficPolicySpecSchema,
});
