// Bulkhead per backend: bounded calls in flight; no slot is held during back-off, and retries count as load.
import { enter } from "../../algorithms/concurrency/bulkhead.ts";
import { isBypassed } from "../../pipeline/bypass.ts";
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import { refuse } from "../../pipeline/outcome.ts";

/** Refuses what would exceed the backend's `maxInFlight` in this isolate. */
export const limit: Filter<OutboundCall> = {
  name: "limit",
  doc: "Bounds calls in flight per backend; per attempt, so that retries count and back-off holds no slot.",
  after: ["attempt"],
  wrap: (next) => (call) => {
    const service = call.backend?.service;
    const table = call.isolate.table();
    if (service === undefined || table === null || isBypassed(call, "limit", service))
      return next(call);
    const most = table.service(service)?.maxInFlight ?? table.defaults.bulkhead.maxInFlight;
    const state = call.isolate.service(service);
    if (!enter(state, most)) return refuse("overflow", `${service}: ${state.inFlight} in flight`);
    call.held = [...call.held, state];
    return next(call);
  },
};
