// Cross-origin rules of a route: preflights are answered here, other answers say who may read them.
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import { toLate } from "../../pipeline/late.ts";

/** Answers preflights and marks answers; an origin that the rule does not know gets no `allow-origin` at all. */
export const cors: Filter<OutboundCall> = {
  name: "cors",
  doc: "Answers preflights, which no backend sees, and says which origins may read an answer, redirects included.",
  after: ["route"],
  wrap: (next) => (call) => {
    const given = call.rule?.cors;
    return given === undefined || call.http === null
      ? next(call)
      : toLate(call.isolate.late()?.cors, call, given, next);
  },
};
