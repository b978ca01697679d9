// The changes that one backendRef asks for, on top of its rule's.
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import { whereGiven } from "../../pipeline/late.ts";

/** Changes the request for the backend of this attempt, and its answer. */
export const transformBackend: Filter<OutboundCall> = {
  name: "transform-backend",
  doc: "Does what the backendRef says to headers and URL; inside attempt, since the next try may take another backend.",
  after: ["attempt"],
  wrap: (next) => (call) => whereGiven(call, call.backend?.transform, "transform", next),
};
