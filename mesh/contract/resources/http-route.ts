// Owns the kind HTTPRoute (Gateway API v1, with retry and sessionPersistence of the experimental channel).
import * as z from "zod";
import { durationSchema, toMilliseconds } from "./duration.ts";
import {
  type HTTPRouteFilter,
  METHODS,
  PATH_CHARACTERS,
  filtersSchema,
} from "./http-route-filters.ts";
import {
  GATEWAY_API,
  headerNameSchema,
  headerValueSchema,
  hostnameSchema,
  resourceSchema,
  subdomainSchema,
  uniqueBy,
} from "./meta.ts";
import { patternProblem } from "./pattern.ts";
import { problem } from "./problem.ts";
import { backendObjectShape, distinctParents, needsPort, parentRefSchema } from "./reference.ts";

const MATCH_ALL = { type: "PathPrefix", value: "/" } as const;
/** Of all rules of a route together. */
export const MAX_MATCHES = 128;

/** What an Exact or PathPrefix value may not hold; such a path has another form that means the same. */
const UNSAFE = ["//", "/./", "/../", "%2f", "%2F", "#"] as const;

function checkPath(path: { type: string; value: string }, context: z.RefinementCtx): void {
  const complaint =
    path.type === "RegularExpression" ? patternProblem(path.value) : pathProblem(path.value);
  if (complaint)
    context.addIssue({ code: "custom", path: ["value"], message: complaint, input: path.value });
}

function pathProblem(value: string): string | null {
  if (!value.startsWith("/")) return problem("is not absolute", 'Begin it with "/".');
  const unsafe =
    UNSAFE.find((part) => value.includes(part)) ?? ["/..", "/."].find((end) => value.endsWith(end));
  if (unsafe)
    return problem(`holds ${JSON.stringify(unsafe)}`, "Write the path in its normal form.");
  if (PATH_CHARACTERS.test(value)) return null;
  return problem("holds characters that no path has", "Percent-encode them.");
}

const checkRegex = (
  condition: { type: "Exact" | "RegularExpression"; value: string },
  context: z.RefinementCtx,
): void => {
  const complaint = condition.type === "RegularExpression" ? patternProblem(condition.value) : null;
  if (complaint)
    context.addIssue({
      code: "custom",
      path: ["value"],
      message: complaint,
      input: condition.value,
    });
};

const conditionType = z.enum(["Exact", "RegularExpression"]).default("Exact");
/** Headers that must match. */
export const headerMatchesSchema = z
  .array(
    z
      .strictObject({ type: conditionType, name: headerNameSchema, value: headerValueSchema })
      .superRefine(checkRegex),
  )
  .max(16)
  .superRefine(uniqueBy((header) => header.name, "the header"));

const matchSchema = z.strictObject({
  path: z
    .strictObject({
      type: z.enum(["Exact", "PathPrefix", "RegularExpression"]).default("PathPrefix"),
      value: z.string().max(1024).default("/"),
    })
    .superRefine(checkPath)
    .default(MATCH_ALL),
  headers: headerMatchesSchema.optional(),
  queryParams: z
    .array(
      z
        .strictObject({
          type: conditionType,
          name: headerNameSchema,
          value: z.string().min(1).max(1024),
        })
        .superRefine(checkRegex),
    )
    .max(16)
    .superRefine(uniqueBy((param) => param.name, "the parameter"))
    .optional(),
  method: z.enum(METHODS).optional(),
});
export type HTTPRouteMatch = z.infer<typeof matchSchema>;

const backendRefSchema = z
  .strictObject({
    ...backendObjectShape,
    weight: z.int().min(0).max(1_000_000).default(1),
    filters: filtersSchema.optional(),
  })
  .superRefine(needsPort);
export type HTTPBackendRef = z.infer<typeof backendRefSchema>;

/** How long a rule may take, and one try of it. */
export const timeoutsSchema = z
  .strictObject({ request: durationSchema.optional(), backendRequest: durationSchema.optional() })
  .superRefine((timeouts, context) => {
    const requestMs = toMilliseconds(timeouts.request ?? "0s");
    if (requestMs === 0 || toMilliseconds(timeouts.backendRequest ?? "0s") <= requestMs) return;
    const message = problem("is longer than timeouts.request", "Make it at most as long.");
    context.addIssue({
      code: "custom",
      path: ["backendRequest"],
      message,
      input: timeouts.backendRequest,
    });
  });

/** How a rule retries. */
export const retrySchema = z.strictObject({
  codes: z
    .array(z.int().min(400).max(599))
    .superRefine(uniqueBy((code) => String(code), "the code"))
    .optional(),
  attempts: z.int().min(1).optional(),
  backoff: durationSchema.optional(),
});

/** How a client is kept with one backend. */
export const sessionPersistenceSchema = z
  .strictObject({
    type: z.enum(["Cookie", "Header"]).default("Cookie"),
    absoluteTimeout: durationSchema.optional(),
    cookie: z
      .strictObject({
        name: headerNameSchema.optional(),
        path: z.string().max(1024).default("/"),
        lifetimeType: z.enum(["Permanent", "Session"]).default("Session"),
      })
      .optional(),
    header: z.strictObject({ name: headerNameSchema }).optional(),
  })
  .superRefine((session, context) => {
    const [wanted, unwanted] =
      session.type === "Cookie" ? (["cookie", "header"] as const) : (["header", "cookie"] as const);
    const add = (path: string, what: string, mend: string): void =>
      context.addIssue({ code: "custom", path: [path], message: problem(what, mend) });
    if (!session[wanted]) add(wanted, `is missing for type ${session.type}`, "Add it.");
    if (session[unwanted]) add(unwanted, `does not go with type ${session.type}`, "Remove it.");
    if (session.cookie?.lifetimeType === "Permanent" && !session.absoluteTimeout) {
      add("absoluteTimeout", "is missing for a permanent cookie", "Add it.");
    }
  });

const ruleSchema = z
  .strictObject({
    name: subdomainSchema.optional(),
    matches: z
      .array(matchSchema)
      .max(64)
      .default([{ path: MATCH_ALL }]),
    filters: filtersSchema.optional(),
    backendRefs: z.array(backendRefSchema).max(16).optional(),
    timeouts: timeoutsSchema.optional(),
    retry: retrySchema.optional(),
    sessionPersistence: sessionPersistenceSchema.optional(),
  })
  .superRefine((rule, context) => {
    const refs = rule.backendRefs ?? [];
    const add = (path: string, message: string): void =>
      context.addIssue({ code: "custom", path: [path], message });
    if (refs.length > 0 && rule.filters?.some((filter) => filter.requestRedirect)) {
      add(
        "backendRefs",
        problem("stands beside a RequestRedirect", "Remove the backends or the redirect."),
      );
    }
    const onePrefix = rule.matches.length === 1 && rule.matches[0]?.path.type === "PathPrefix";
    const replaces = [...(rule.filters ?? []), ...refs.flatMap((ref) => ref.filters ?? [])].some(
      replacesPrefix,
    );
    if (replaces && !onePrefix) {
      add(
        "matches",
        problem(
          "is not one PathPrefix, as replacePrefixMatch needs",
          "Keep exactly one PathPrefix match.",
        ),
      );
    }
  });
export type HTTPRouteRule = z.infer<typeof ruleSchema>;

const replacesPrefix = (filter: HTTPRouteFilter): boolean =>
  (filter.requestRedirect?.path ?? filter.urlRewrite?.path)?.replacePrefixMatch !== undefined;

export const httpRouteSpecSchema = z.strictObject({
  parentRefs: z.array(parentRefSchema).max(32).superRefine(distinctParents).optional(),
  useDefaultGateways: z.enum(["All", "None"]).optional(),
  hostnames: z.array(hostnameSchema).max(16).optional(),
  rules: z
    .array(ruleSchema)
    .min(1)
    .max(16)
    .superRefine((rules, context) => {
      uniqueBy((rule: HTTPRouteRule) => rule.name, "the rule name")(rules, context);
      if (rules.reduce((sum, rule) => sum + rule.matches.length, 0) <= MAX_MATCHES) return;
      const message = problem(`has more than ${MAX_MATCHES} matches`, "Split the route in two.");
      context.addIssue({ code: "custom", path: [], message });
    })
    .default([{ matches: [{ path: MATCH_ALL }] }]),
});
export type HTTPRouteSpec = z.infer<typeof httpRouteSpecSchema>;

/** The kind HTTPRoute. */
export const httpRouteSchema = resourceSchema({
  apiVersions: [GATEWAY_API],
  kind: "HTTPRoute",
  name: subdomainSchema,
  namespaced: true,
  spec: httpRouteSpecSchema,
});
