// Owns the kind HTTPFilter: what a rule of an HTTPRoute can do beyond the Gateway API's filters. A rule names it in a
// filter of type ExtensionRef (group heddle.dev, kind HTTPFilter).
import * as z from "zod";
import { durationSchema } from "./duration.ts";
import { headerNameSchema, HEDDLE_API, resourceSchema, subdomainSchema } from "./meta.ts";
import { patternProblem } from "./pattern.ts";
import { problem } from "./problem.ts";

/** The API group of the mesh's own kinds. */
export const HEDDLE_GROUP = "heddle.dev";

const patternSchema = z
  .string()
  .min(1)
  .superRefine((value, context) => {
    const message = patternProblem(value);
    if (message) context.addIssue({ code: "custom", message, input: value });
  });

const percentSchema = z.number().min(0).max(100).default(100);

const directResponseSchema = z.strictObject({
  status: z.int().min(200).max(599),
  body: z.string().max(65_536).optional(),
  contentType: z.string().min(1).max(255).default("text/plain"),
});

/** What the pattern matches of the path is replaced; `$1` stands for its first group, `$$` for a dollar. */
const rewriteSchema = z.strictObject({
  pattern: patternSchema,
  substitution: z.string().max(1024),
});

const corsSchema = z.strictObject({
  /** Compared whole, as the browser sends them. */
  allowOrigins: z.array(z.string().min(1).max(253)).max(64).optional(),
  /** Regular expressions that match an origin whole. */
  allowOriginPatterns: z.array(patternSchema).max(64).optional(),
  allowCredentials: z.boolean().optional(),
  allowMethods: z.array(z.string().min(1).max(64)).max(64).optional(),
  allowHeaders: z.array(headerNameSchema).max(64).optional(),
  exposeHeaders: z.array(headerNameSchema).max(64).optional(),
  maxAge: z.int().min(0).default(5),
});

const faultSchema = z
  .strictObject({
    delay: z.strictObject({ duration: durationSchema, percent: percentSchema }).optional(),
    abort: z.strictObject({ status: z.int().min(200).max(599), percent: percentSchema }).optional(),
    /** From then on there is no fault. */
    expires: z.iso.datetime({ offset: true }),
  })
  .refine(
    (fault) => (fault.delay ?? fault.abort) !== undefined,
    problem("neither delays nor aborts", "Add delay or abort."),
  );

export const httpFilterSpecSchema = z
  .strictObject({
    directResponse: directResponseSchema.optional(),
    rewrite: rewriteSchema.optional(),
    redirect: z.strictObject({ port: z.literal("Request") }).optional(),
    cors: corsSchema.optional(),
    fault: faultSchema.optional(),
  })
  .refine(
    (spec) => Object.values(spec).some((part) => part !== undefined),
    problem("does nothing", "Add directResponse, rewrite, redirect, cors or fault."),
  );
export type HTTPFilterSpec = z.infer<typeof httpFilterSpecSchema>;

/** The kind HTTPFilter. */
export const httpFilterSchema = resourceSchema({
  apiVersions: [HEDDLE_API],
  kind: "HTTPFilter",
  name: subdomainSchema,
  namespaced: true,
  spec: httpFilterSpecSchema,
});
