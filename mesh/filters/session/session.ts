// Session persistence of a route (GEP-1619): a client stays with the endpoint it met first.
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import { whereGiven } from "../../pipeline/late.ts";

/** Reads the client's session before a backend is chosen, and tells the client of a new one. */
export const session: Filter<OutboundCall> = {
  name: "session",
  doc: "Keeps a client with its endpoint by cookie or header; before split, whose choice the session takes over.",
  after: ["cohort", "transform"],
  wrap: (next) => (call) =>
    whereGiven(call, call.http === null ? undefined : call.rule?.session, "session", next),
};
