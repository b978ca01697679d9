// Owns the kind Mesh: the one file that describes a mesh (mesh.yaml) and its defaults.
import * as z from "zod";
import { IDENTITY_LEVELS } from "../identity.ts";
import { BYPASS_FEATURES } from "../table.ts";
import { breakerSchema } from "./breaker.ts";
import { durationSchema } from "./duration.ts";
import {
  HEDDLE_API,
  headerNameSchema,
  labelNameSchema,
  labelsSchema,
  preciseHostnameSchema,
  resourceSchema,
  uniqueBy,
} from "./meta.ts";
import { problem } from "./problem.ts";

/** A tag is part of `ns/name@tag` in revocations. */
export const versionTagSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, "is no version tag: 1 to 100 of A-Z a-z 0-9 . _ -");

const workerSchema = z.union(
  [
    z.string().min(1),
    z.strictObject({
      path: z.string().min(1),
      /** Absent: the name in the Worker's wrangler file. */
      name: labelNameSchema.optional(),
      namespace: labelNameSchema.optional(),
      labels: labelsSchema.optional(),
      /** How the Worker joins; absent: woven. */
      join: z.enum(["woven", "hand", "relay"]).optional(),
      /** Version tag, as `wrangler deploy --tag` takes it; `heddle weave --tag` goes before. */
      tag: versionTagSchema.optional(),
      /** Environment of its wrangler file. */
      env: z.string().min(1).optional(),
    }),
  ],
  problem(
    "is no Worker",
    "Write a folder or wrangler file, or { path, name?, namespace?, labels?, join?, tag?, env? }.",
  ),
);

const retrySchema = z.strictObject({
  attempts: z.int().min(0).max(10).optional(),
  codes: z.array(z.int().min(400).max(599)).optional(),
  backoff: z
    .strictObject({ base: durationSchema.optional(), cap: durationSchema.optional() })
    .optional(),
  budget: z
    .strictObject({ ratio: z.number().min(0).max(1).optional(), cap: z.number().min(0).optional() })
    .optional(),
});

const cohortSourceSchema = z
  .strictObject({
    header: headerNameSchema.optional(),
    cookie: headerNameSchema.optional(),
    /** Of the end user's verified token. */
    claim: z.string().min(1).max(128).optional(),
  })
  .refine(
    (source) => Object.values(source).filter((name) => name !== undefined).length === 1,
    problem("has not exactly one of header, cookie and claim", "Keep one of them."),
  );

const isPlainUrl = (url: string): boolean => {
  if (!URL.canParse(url)) return true;
  const { username, password } = new URL(url);
  return username === "" && password === "";
};

const defaultsSchema = z.strictObject({
  identity: z
    .strictObject({
      level: z.enum(IDENTITY_LEVELS).optional(),
      /** Until when a weaker proof than asked for will do, RFC 3339; it has to end. */
      permissiveUntil: z.iso.datetime({ offset: true }).optional(),
    })
    .optional(),
  lease: z
    .strictObject({ normal: durationSchema.optional(), strict: durationSchema.optional() })
    .optional(),
  timeouts: z.strictObject({ edge: durationSchema.optional() }).optional(),
  retry: retrySchema.optional(),
  bulkhead: z.strictObject({ maxInFlight: z.int().min(1).optional() }).optional(),
  breaker: breakerSchema.optional(),
  balance: z.enum(["round-robin", "p2c"]).optional(),
  authorization: z
    .strictObject({ defaultAction: z.enum(["allow-bound", "deny"]).optional() })
    .optional(),
  /** What a user's cohort follows from at the edge, the first that is there; where none is it is drawn and kept by cookie. */
  cohort: z.strictObject({ from: z.array(cohortSourceSchema).min(1).max(8) }).optional(),
  egress: z.strictObject({ globalFetch: z.enum(["off", "trace", "policy"]).optional() }).optional(),
  /** Absent: `errors`. */
  accessLog: z.enum(["off", "errors", "all"]).optional(),
  /** Absent: no span is made. */
  tracing: z
    .strictObject({
      /** Where spans are posted to, as OTLP/HTTP JSON; absent: nowhere. */
      otlpUrl: z
        .url({ protocol: /^https?$/ })
        .refine(
          isPlainUrl,
          problem("carries credentials", "Leave user and password out of the URL."),
        )
        .optional(),
      /** Share of the traces, by trace id. Absent: 1. */
      sampling: z.number().min(0).max(1).optional(),
    })
    .optional(),
});

export const meshSpecSchema = z.strictObject({
  trustDomain: preciseHostnameSchema.optional(),
  /** Folders or files with a wrangler file; read by the CLI. */
  workers: z.array(workerSchema).optional(),
  /** Files or folders with resources; read by the CLI. */
  resources: z.array(z.string().min(1)).optional(),
  /** Queues whose messages carry the sender's cohort and trace, by name as in wrangler files; read by the CLI. */
  queues: z
    .array(z.string().min(1).max(63))
    .max(256)
    .superRefine(uniqueBy((name) => name, "the queue"))
    .optional(),
  namespaces: z
    .record(labelNameSchema, z.strictObject({ labels: labelsSchema.optional() }))
    .optional(),
  bypass: z
    .array(
      z.strictObject({
        feature: z.enum(BYPASS_FEATURES),
        /** `namespace/name`; absent: the whole mesh. */
        service: z
          .string()
          .regex(/^[^/\s]+\/[^/\s]+$/, problem("is no service", 'Write "namespace/name".'))
          .optional(),
      }),
    )
    .optional(),
  defaults: defaultsSchema.optional(),
});
export type MeshSpec = z.infer<typeof meshSpecSchema>;

/** The kind Mesh; one per mesh, in no namespace. */
export const meshSchema = resourceSchema({
  apiVersions: [HEDDLE_API],
  kind: "Mesh",
  name: labelNameSchema,
  namespaced: false,
  spec: meshSpecSchema,
});
