// Cross-origin rules of a route: preflights are answered here, other answers say who may read them.
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import { whereGiven } from "../../pipeline/late.ts";

/** Answers preflights and marks answers; an origin that the rule does not know gets no `allow-origin` at all. */
export const cors: Filter<OutboundCall> = {
  name: "cors",
  doc: "Answers preflights, which no backend sees, and says which origins may read an answer, redirects included.",
  after: ["route"],
  wrap: (next) => (call) =>
    whereGiven(call, call.http === null ? undefined : call.rule?.cors, "cors", next),
};
