// Owns the internal kind Workload: a Worker that was registered with the mesh, as dev or deploy reports it.
import * as z from "zod";

export const WORKLOAD_KIND = "Workload";
export const WORKLOAD_API = "heddle.dev/internal";

const nameSchema = z.string().regex(/^[^/\s]+\/[^/\s]+$/, "is not `namespace/name`");

/** One registered Worker as `PUT /v1/workloads` takes it. */
export const workloadSchema = z.strictObject({
  /** `namespace/name`. */
  workload: nameSchema,
  labels: z.record(z.string(), z.string()).default({}),
  woven: z.boolean(),
  /** Its name on the platform; absent: that of the workload. */
  script: z.string().optional(),
  /** Called without the mesh's envelope; absent: what is not woven is. */
  plain: z.boolean().optional(),
  entrypoints: z.array(z.string()).default([]),
  /** Ids of the endpoints it was bound to when it was deployed. */
  bound: z.array(z.string()).default([]),
  /** Services its own bindings name, `namespace/name`. */
  dials: z.array(nameSchema).default([]),
  /** It has routes or domains of its own, and so runs the edge chain. */
  edge: z.boolean().default(false),
});
export type WorkloadRecord = z.infer<typeof workloadSchema>;

/** What is stored as the spec: all but the name. */
export const workloadSpecSchema = workloadSchema.omit({ workload: true });
export type WorkloadSpec = z.infer<typeof workloadSpecSchema>;
