// Owns the kind ListenerSet (Gateway API v1, GEP-1713): listeners that join those of a Gateway.
import * as z from "zod";
import { listenersSchema } from "./gateway.ts";
import {
  GATEWAY_API,
  GATEWAY_GROUP,
  groupSchema,
  kindSchema,
  labelNameSchema,
  objectNameSchema,
  resourceSchema,
  subdomainSchema,
} from "./meta.ts";

export const listenerSetSpecSchema = z.strictObject({
  /** The Gateway whose `allowedListeners` must let this set in. */
  parentRef: z.strictObject({
    group: groupSchema.default(GATEWAY_GROUP),
    kind: kindSchema.default("Gateway"),
    namespace: labelNameSchema.optional(),
    name: objectNameSchema,
  }),
  listeners: listenersSchema,
});
export type ListenerSetSpec = z.infer<typeof listenerSetSpecSchema>;

/** The kind ListenerSet. */
export const listenerSetSchema = resourceSchema({
  apiVersions: [GATEWAY_API],
  kind: "ListenerSet",
  name: subdomainSchema,
  namespaced: true,
  spec: listenerSetSpecSchema,
});
