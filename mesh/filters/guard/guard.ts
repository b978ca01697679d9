// A strict call runs at most once, whichever isolates its proof is shown to.
import type { InboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import { whereGiven } from "../../pipeline/late.ts";

/** Asks the object of the proof's nonce, `strict` only; the one call of an object on the path. */
export const guard: Filter<InboundCall> = {
  name: "guard",
  doc: "Admits a strict call's proof once world-wide; after authorize, so that only who may costs an object's time.",
  after: ["replay", "authorize"],
  wrap: (next) => (call) =>
    whereGiven(
      call,
      call.level === "strict" ? call.verified?.request?.nonce : undefined,
      "guard",
      next,
    ),
};
