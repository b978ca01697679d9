// Service name to its part of the in-memory table; no I/O on the warm path.
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import { refuse, type Outcome } from "../../pipeline/outcome.ts";

/** No wait for a table is longer, ms. */
const LONGEST_MS = 1000;

/** Makes sure the isolate may decide, then finds the dialled service. */
export const discover: Filter<OutboundCall> = {
  name: "discover",
  doc: "Finds the dialled service in the in-memory table; waits, bounded, only when the last sync is too old.",
  after: ["deadline"],
  wrap: (next) => (call) => {
    const wait = call.isolate.ready(call.scope.keeper);
    if (wait === undefined) return find(call, next);
    const leftMs = call.deadlineMs - call.isolate.now();
    const waited = leftMs < LONGEST_MS ? Promise.race([wait, call.isolate.sleep(leftMs)]) : wait;
    return waited.then(() =>
      call.isolate.now() < call.deadlineMs
        ? find(call, next)
        : refuse("deadline_exceeded", "before the table was in"),
    );
  },
};

function find(
  call: OutboundCall,
  next: (call: OutboundCall) => Promise<Outcome> | Outcome,
): Promise<Outcome> | Outcome {
  const table = call.isolate.table();
  if (table === null) return refuse("no_table", "no source gave a table");
  if (call.dialled.endpoint !== undefined || call.side === "edge") return next(call);
  const chunk = table.service(call.dialled.service);
  if (chunk === null) return refuse("unknown_service", call.dialled.service);
  if (call.http !== null && chunk.ports !== null && !chunk.ports.includes(call.http.port))
    return refuse("no_port", `port ${call.http.port} of ${chunk.service}`);
  call.chunk = chunk;
  return next(call);
}
