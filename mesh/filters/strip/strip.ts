// Edge only: nothing a client sends may speak for the mesh.
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import { stripHeaders } from "../../pipeline/strip-headers.ts";

/** Drops mesh headers, hop-by-hop headers and those that `Connection` names; `X_Heddle` counts as `x-heddle`. */
export const strip: Filter<OutboundCall> = {
  name: "strip",
  doc: "Drops what only the mesh may say; before anything reads a header.",
  after: ["rescue"],
  wrap: (next) => (call) => {
    if (call.http !== null) stripHeaders(call.http.headers, call.http.url);
    return next(call);
  },
};
