// Owns the kind RPCRoute: which backends take calls of a service's JS-RPC methods, told apart by entrypoint, method, caller.
import * as z from "zod";
import {
  HEDDLE_API,
  groupSchema,
  labelNameSchema,
  labelsSchema,
  objectNameSchema,
  portSchema,
  resourceSchema,
  subdomainSchema,
  uniqueBy,
} from "./meta.ts";
import { retrySchema, timeoutsSchema } from "./http-route.ts";
import { problem } from "./problem.ts";

const NAME = /^[A-Za-z_$][\w$]*$/;

const parentSchema = z.strictObject({
  group: groupSchema
    .default("")
    .refine((group) => group === "", problem("is not the group of a Service", "Leave it out.")),
  kind: z.literal("Service").default("Service"),
  namespace: labelNameSchema.optional(),
  name: objectNameSchema,
});

const methodSchema = z
  .string()
  .max(256)
  .regex(
    /^[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*$/,
    problem("is not a method", 'Write its name, such as "charge".'),
  );

const matchSchema = z.strictObject({
  /** Name of an exported class or object; `default` is the default export. Absent: any. */
  entrypoint: z
    .string()
    .max(256)
    .regex(NAME, problem("is not an entrypoint", "Write the name of an exported class or object."))
    .optional(),
  /** One name, or several of which any will do. Absent: any. */
  method: z
    .union([
      methodSchema,
      z
        .array(methodSchema)
        .min(1)
        .max(64)
        .superRefine(uniqueBy((name) => name, "the method")),
    ])
    .optional(),
  /** Who calls; every part must hold. */
  caller: z
    .strictObject({
      namespace: labelNameSchema.optional(),
      /** Name of a Worker. */
      name: labelNameSchema.optional(),
      labels: labelsSchema.optional(),
    })
    .optional(),
});
export type RPCRouteMatch = z.infer<typeof matchSchema>;

const backendSchema = z.strictObject({
  group: groupSchema.default(""),
  kind: z.string().min(1).max(63).default("Service"),
  name: objectNameSchema,
  namespace: labelNameSchema.optional(),
  port: portSchema.optional(),
  weight: z.int().min(0).max(1_000_000).default(1),
});

const ruleSchema = z.strictObject({
  name: subdomainSchema.optional(),
  matches: z.array(matchSchema).min(1).max(64).default([{}]),
  backendRefs: z.array(backendSchema).max(16).optional(),
  timeouts: timeoutsSchema.optional(),
  retry: retrySchema.optional(),
});

export const rpcRouteSpecSchema = z.strictObject({
  parentRefs: z
    .array(parentSchema)
    .min(1)
    .max(32)
    .superRefine(uniqueBy(({ namespace, name }) => `${namespace ?? ""}/${name}`, "the parent")),
  rules: z
    .array(ruleSchema)
    .min(1)
    .max(64)
    .superRefine(uniqueBy((rule) => rule.name, "the rule name")),
});
export type RPCRouteSpec = z.infer<typeof rpcRouteSpecSchema>;

/** The kind RPCRoute. */
export const rpcRouteSchema = resourceSchema({
  apiVersions: [HEDDLE_API],
  kind: "RPCRoute",
  name: subdomainSchema,
  namespaced: true,
  spec: rpcRouteSpecSchema,
});
