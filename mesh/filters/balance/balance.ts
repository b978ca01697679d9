// Picks the endpoint of the backend, among those this Worker can reach; avoids those already tried.
import type { Endpoint, ServiceChunk } from "../../contract/service.ts";
import { PLAIN_PREFIX } from "../../contract/wiring.ts";
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Filter, Next } from "../../pipeline/filter.ts";
import type { EndpointBinding, ServiceState } from "../../pipeline/isolate.ts";
import { toLate } from "../../pipeline/late.ts";
import { refuse, type Outcome } from "../../pipeline/outcome.ts";

/** Chooses endpoint and binding, and counts the endpoint's calls in flight. */
export const balance: Filter<OutboundCall> = {
  name: "balance",
  doc: "Picks a reachable endpoint of the backend; below limit, whose slot belongs to the backend as a whole.",
  after: ["limit"],
  wrap: (next) => (call) => {
    if (call.dialled.endpoint !== undefined) return toFixed(call, call.dialled.endpoint, next);
    const service = call.backend?.service ?? call.dialled.service;
    const chunk = chunkOf(call, service);
    if (chunk === null) return refuse("unknown_service", service);
    const only = chunk.endpoints[0];
    if (only === undefined) return refuse("no_endpoint", service);
    if (chunk.endpoints.length > 1 || only.version !== undefined)
      return toLate(call.isolate.late()?.balance, call, chunk, next);
    return send(call, only, call.isolate.service(service), next);
  },
};

const chunkOf = ({ chunk, isolate }: OutboundCall, service: string): ServiceChunk | null =>
  chunk?.service === service ? chunk : (isolate.table()?.service(service) ?? null);

/** How this Worker reaches an endpoint; null where it does not. */
export function bindingOf(call: OutboundCall, endpoint: Endpoint): EndpointBinding | null {
  if (endpoint.url !== undefined)
    return call.isolate.outward()?.bind(endpoint, call.scope.keeper) ?? null;
  const { worker } = endpoint;
  if (worker === undefined) return null;
  const entrypoint = endpoint.entrypoint ?? call.dialled.entrypoint ?? "";
  const open =
    endpoint.plain === true ? null : call.isolate.reach(worker, entrypoint, call.dialled.reach);
  return open ?? call.isolate.relay() ?? plainly(call, worker, entrypoint);
}

/** The relay's own reach to a Worker that is not woven; nobody else has one. */
const plainly = (call: OutboundCall, worker: string, entrypoint: string): EndpointBinding | null =>
  call.isolate.reach(`${PLAIN_PREFIX}${worker}`, entrypoint);

/** Takes an endpoint: counts the call and hands it on. */
export function send(
  call: OutboundCall,
  endpoint: Endpoint,
  state: ServiceState,
  next: Next<OutboundCall>,
): Promise<Outcome> | Outcome {
  call.endpoint = endpoint;
  call.binding = bindingOf(call, endpoint);
  if (call.binding === null) return refuse("not_bound", endpoint.id);
  call.tried = [...call.tried, endpoint.id];
  let held = state.loads.get(endpoint.id);
  if (held === undefined) {
    held = { inFlight: 0 };
    state.loads.set(endpoint.id, held);
  }
  held.inFlight += 1;
  call.held = [...call.held, held];
  return next(call);
}

/** `service = "endpoint:NAME.NS"`: one endpoint, past its service's routes. */
function toFixed(
  call: OutboundCall,
  worker: string,
  next: Next<OutboundCall>,
): Promise<Outcome> | Outcome {
  const entrypoint = call.dialled.entrypoint ?? "";
  const open = call.isolate.reach(worker, entrypoint, call.dialled.reach) ?? call.isolate.relay();
  const binding = open ?? plainly(call, worker, entrypoint);
  if (binding === null) return refuse("not_bound", worker);
  const fixed = { id: worker, worker, weight: 1, labels: {} };
  call.endpoint = open === null ? { ...fixed, plain: true } : fixed;
  call.binding = binding;
  return next(call);
}
