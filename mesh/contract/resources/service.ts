// Owns the kind Service: a name callers use, with the endpoints behind it.
import * as z from "zod";
import { IDENTITY_LEVELS } from "../identity.ts";
import { balancingSchema } from "./balancing.ts";
import { durationSchema } from "./duration.ts";
import {
  HEDDLE_API,
  labelNameSchema,
  labelsSchema,
  portSchema,
  resourceSchema,
  uniqueBy,
} from "./meta.ts";
import { problem } from "./problem.ts";
import { spiffePatternSchema } from "./spiffe-pattern.ts";

const workerSchema = z
  .string()
  .max(127)
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?([./][a-z0-9]([-a-z0-9]*[a-z0-9])?)?$/,
    problem("does not name a Worker", 'Write "name", or "name.namespace" for another namespace.'),
  );

const endpointSchema = z
  .strictObject({
    name: labelNameSchema.optional(),
    /** A Worker of the mesh: `name`, `name.namespace` or `namespace/name`. */
    worker: workerSchema.optional(),
    entrypoint: z
      .string()
      .regex(
        /^[A-Za-z_$][\w$]*$/,
        problem("is not an entrypoint", "Write the name of an exported class or object."),
      )
      .optional(),
    /** A deployed version of the Worker (by id). */
    version: z.string().min(1).max(64).optional(),
    url: z.url({ protocol: /^https?$/ }).optional(),
    /** `url` only: each request proves who sends it (WIMSE HTTP signatures). */
    identity: z.enum(["wimse"]).optional(),
    /** Answers that are not proved are refused. */
    answer: z.enum(["required"]).optional(),
    /** Who has to have proved them: a SPIFFE id, or a prefix of some with `*` at its end. Absent: any that is trusted. */
    answerer: spiffePatternSchema.optional(),
    labels: labelsSchema.optional(),
    weight: z.int().min(0).max(1_000_000).default(1),
    locality: z.string().min(1).max(63).optional(),
    priority: z.int().min(0).max(128).optional(),
  })
  .superRefine((endpoint, context) => {
    const add = (path: string[], what: string, mend: string): void =>
      context.addIssue({ code: "custom", path, message: problem(what, mend) });
    if ((endpoint.worker === undefined) === (endpoint.url === undefined)) {
      add(
        [],
        "has not exactly one of worker and url",
        "Name a Worker of the mesh, or the URL of another host.",
      );
    }
    if (endpoint.url !== undefined && (endpoint.entrypoint ?? endpoint.version) !== undefined) {
      add(["url"], "has no entrypoint or version", "Remove them, or use worker.");
    }
    if (endpoint.identity !== undefined && endpoint.url === undefined)
      add(["identity"], "is for endpoints by url", "Remove it: Workers of the mesh are proved to.");
    if (endpoint.answer !== undefined && endpoint.identity === undefined)
      add(["answer"], "asks for an answer to a proof", "Add `identity: wimse`, or remove it.");
    if (endpoint.answerer !== undefined && endpoint.answer === undefined)
      add(["answerer"], "says who proves the answer", "Add `answer: required`, or remove it.");
  });
export type ServiceEndpoint = z.infer<typeof endpointSchema>;

const healthCheckSchema = z.strictObject({
  path: z.string().startsWith("/").max(1024).default("/"),
  interval: durationSchema.optional(),
  timeout: durationSchema.optional(),
  healthyThreshold: z.int().min(1).optional(),
  unhealthyThreshold: z.int().min(1).optional(),
  expectedStatuses: z.array(z.int().min(100).max(599)).min(1).optional(),
});

export const serviceSpecSchema = z
  .strictObject({
    /** Absent: any port. */
    ports: z
      .array(
        z.strictObject({
          port: portSchema,
          name: labelNameSchema.optional(),
          appProtocol: z.string().min(1).max(253).optional(),
        }),
      )
      .min(1)
      .max(64)
      .superRefine(uniqueBy((entry) => String(entry.port), "the port"))
      .optional(),
    /** Absent: the Worker of the service's own name. */
    endpoints: z
      .array(endpointSchema)
      .max(256)
      .superRefine(
        uniqueBy(
          (endpoint) =>
            JSON.stringify([
              endpoint.worker ?? endpoint.url,
              endpoint.entrypoint,
              endpoint.version,
            ]),
          "the endpoint",
        ),
      )
      .optional(),
    /** The endpoints of another service that carry these labels, in the place of endpoints of its own. */
    subset: z
      .strictObject({
        service: labelNameSchema,
        namespace: labelNameSchema.optional(),
        labels: labelsSchema,
      })
      .optional(),
    identity: z
      .strictObject({
        level: z.enum(IDENTITY_LEVELS).optional(),
        /** At `request` and `strict`: the proof of an answer covers its body too, which holds it back until it is whole. */
        answerBody: z.boolean().optional(),
      })
      .optional(),
    balance: z.enum(["round-robin", "p2c"]).optional(),
    balancing: balancingSchema.optional(),
    bulkhead: z.strictObject({ maxInFlight: z.int().min(1).max(1_000_000) }).optional(),
    healthCheck: healthCheckSchema.optional(),
  })
  .refine(
    (spec) => spec.balance === undefined || spec.balancing === undefined,
    problem("has balance and balancing", "Keep balancing, with the mode."),
  )
  .refine(
    (spec) => spec.subset === undefined || spec.endpoints === undefined,
    problem("has endpoints and a subset", "Keep one of the two."),
  );
export type ServiceSpec = z.infer<typeof serviceSpecSchema>;

/** The workload `ns/name` that an endpoint's `worker` names, seen from the service's namespace. */
export function toWorkload(worker: string, namespace: string): string {
  if (worker.includes("/")) return worker;
  const [name, other] = worker.split(".");
  return `${other ?? namespace}/${name}`;
}

/** The kind Service. */
export const serviceSchema = resourceSchema({
  apiVersions: [HEDDLE_API],
  kind: "Service",
  name: labelNameSchema,
  namespaced: true,
  spec: serviceSpecSchema,
});
