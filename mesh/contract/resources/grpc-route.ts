// Owns the kind GRPCRoute (Gateway API v1, with sessionPersistence of the experimental channel).
import * as z from "zod";
import { filtersSchemaOf } from "./http-route-filters.ts";
import { MAX_MATCHES, headerMatchesSchema, sessionPersistenceSchema } from "./http-route.ts";
import { GATEWAY_API, hostnameSchema, resourceSchema, subdomainSchema, uniqueBy } from "./meta.ts";
import { patternProblem } from "./pattern.ts";
import { problem } from "./problem.ts";
import { backendObjectShape, distinctParents, needsPort, parentRefSchema } from "./reference.ts";

const SERVICE = /^\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$/i;
const METHOD = /^[a-z_][a-z_0-9]*$/i;

const methodSchema = z
  .strictObject({
    type: z.enum(["Exact", "RegularExpression"]).default("Exact"),
    /** Empty, in a pattern: any, as when absent. */
    service: z.string().max(1024).optional(),
    method: z.string().max(1024).optional(),
  })
  .superRefine((given, context) => {
    const add = (path: string[], message: string): void =>
      context.addIssue({ code: "custom", path, message });
    if (!given.service && !given.method)
      add([], problem("names neither service nor method", "Name at least one of the two."));
    for (const [field, pattern] of [
      ["service", SERVICE],
      ["method", METHOD],
    ] as const) {
      const value = given[field];
      if (value === undefined) continue;
      const complaint =
        given.type === "Exact" ? nameProblem(value, pattern) : patternProblem(value);
      if (complaint) add([field], complaint);
    }
  });

const nameProblem = (value: string, pattern: RegExp): string | null =>
  pattern.test(value)
    ? null
    : problem("is not a name of gRPC", 'Use letters, digits and "_", and "." between packages.');

const matchSchema = z.strictObject({
  method: methodSchema.optional(),
  headers: headerMatchesSchema.optional(),
});
export type GRPCRouteMatch = z.infer<typeof matchSchema>;

const grpcFiltersSchema = filtersSchemaOf([
  "ResponseHeaderModifier",
  "RequestHeaderModifier",
  "RequestMirror",
  "ExtensionRef",
]);

const ruleSchema = z.strictObject({
  name: subdomainSchema.optional(),
  matches: z.array(matchSchema).max(64).default([]),
  filters: grpcFiltersSchema.optional(),
  backendRefs: z
    .array(
      z
        .strictObject({
          ...backendObjectShape,
          weight: z.int().min(0).max(1_000_000).default(1),
          filters: grpcFiltersSchema.optional(),
        })
        .superRefine(needsPort),
    )
    .max(16)
    .optional(),
  sessionPersistence: sessionPersistenceSchema.optional(),
});
type GRPCRouteRule = z.infer<typeof ruleSchema>;

export const grpcRouteSpecSchema = z.strictObject({
  parentRefs: z.array(parentRefSchema).max(32).superRefine(distinctParents).optional(),
  useDefaultGateways: z.enum(["All", "None"]).optional(),
  hostnames: z.array(hostnameSchema).max(16).optional(),
  rules: z
    .array(ruleSchema)
    .max(16)
    .superRefine((rules, context) => {
      uniqueBy((rule: GRPCRouteRule) => rule.name, "the rule name")(rules, context);
      if (rules.reduce((sum, rule) => sum + rule.matches.length, 0) <= MAX_MATCHES) return;
      const message = problem(`has more than ${MAX_MATCHES} matches`, "Split the route in two.");
      context.addIssue({ code: "custom", path: [], message });
    })
    .default([{ matches: [] }]),
});
export type GRPCRouteSpec = z.infer<typeof grpcRouteSpecSchema>;

/** The kind GRPCRoute. */
export const grpcRouteSchema = resourceSchema({
  apiVersions: [GATEWAY_API],
  kind: "GRPCRoute",
  name: subdomainSchema,
  namespaced: true,
  spec: grpcRouteSpecSchema,
});
