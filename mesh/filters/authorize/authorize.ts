// What the caller may do here, by policy; every error denies.
import type { InboundCall, OutboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import { toLate } from "../../pipeline/late.ts";
import { refuse } from "../../pipeline/outcome.ts";

/** Asks the policies that select this Worker; a Worker's call to itself meets none. */
export const authorize: Filter<InboundCall> = {
  name: "authorize",
  doc: "Says whether the caller may; after replay, so that only a good proof is judged, and before all that costs.",
  after: ["authenticate", "replay"],
  wrap: (next) => (call) => {
    if (call.verified === null) return next(call);
    const { isolate } = call;
    const table = isolate.table();
    if (table === null) return refuse("no_table", "");
    const policy = table.policy(isolate.workload);
    if (policy === undefined)
      return table.defaults.authorization?.defaultAction === "deny"
        ? refuse("default_deny", call.principal)
        : next(call);
    if (policy === null) return refuse("default_deny", "unreadable");
    return toLate(isolate.late()?.authorize, call, policy, next);
  },
};

/** The same for a request from outside, by the Gateway it came to. */
export const authorizeEdge: Filter<OutboundCall> = {
  name: "authorize",
  doc: "Says whether a request from outside may pass its Gateway; after listen, which finds the Gateway.",
  after: ["listen"],
  wrap: (next) => (call) => {
    const { isolate } = call;
    const policy = isolate.table()?.policy(`gateway:${call.gateway ?? ""}`);
    if (policy === undefined) return next(call);
    if (policy === null) return refuse("default_deny", "unreadable");
    return toLate(isolate.late()?.authorizeEdge, call, policy, next);
  },
};
