// Owns the kind ReferenceGrant (Gateway API v1): which other namespaces may point at objects of this one.
import * as z from "zod";
import {
  GATEWAY_API,
  groupSchema,
  kindSchema,
  labelNameSchema,
  objectNameSchema,
  resourceSchema,
  subdomainSchema,
} from "./meta.ts";

const fromSchema = z.strictObject({
  group: groupSchema,
  kind: kindSchema,
  namespace: labelNameSchema,
});
const toSchema = z.strictObject({
  group: groupSchema,
  kind: kindSchema,
  /** Absent: every object of the kind. */
  name: objectNameSchema.optional(),
});

export const referenceGrantSpecSchema = z.strictObject({
  from: z.array(fromSchema).min(1).max(16),
  to: z.array(toSchema).min(1).max(16),
});
export type ReferenceGrantSpec = z.infer<typeof referenceGrantSpecSchema>;

/** The kind ReferenceGrant; v1beta1 has the same shape. */
export const referenceGrantSchema = resourceSchema({
  apiVersions: [GATEWAY_API, "gateway.networking.k8s.io/v1beta1"],
  kind: "ReferenceGrant",
  name: subdomainSchema,
  namespaced: true,
  spec: referenceGrantSpecSchema,
});
