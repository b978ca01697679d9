// Picks the endpoint of the backend, among those this Worker can reach; avoids those already tried.
import { pickP2c } from "../../algorithms/balance/p2c.ts";
import { pickRoundRobin } from "../../algorithms/balance/round-robin.ts";
import type { Endpoint, ServiceChunk } from "../../contract/table.ts";
import { PLAIN_PREFIX } from "../../contract/wiring.ts";
import { isBypassed } from "../../pipeline/bypass.ts";
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Filter, Next } from "../../pipeline/filter.ts";
import type { EndpointBinding, ServiceState } from "../../pipeline/isolate.ts";
import { refuse, type Outcome } from "../../pipeline/outcome.ts";

/** Chooses endpoint and binding, and counts the endpoint's calls in flight. */
export const balance: Filter<OutboundCall> = {
  name: "balance",
  doc: "Picks a reachable endpoint of the backend; below limit, whose slot belongs to the backend as a whole.",
  after: ["limit"],
  wrap: (next) => (call) => {
    if (call.dialled.endpoint !== undefined) return toFixed(call, call.dialled.endpoint, next);
    const service = call.backend?.service ?? call.dialled.service;
    const chunk =
      call.chunk?.service === service ? call.chunk : call.isolate.table()?.service(service);
    if (chunk === null || chunk === undefined) return refuse("unknown_service", service);
    if (chunk.endpoints.length === 0) return refuse("no_endpoint", service);
    const state = call.isolate.service(service);
    const endpoint = choose(call, chunk, state);
    if (endpoint === null) return refuse("not_bound", service);
    return send(call, endpoint, state, next);
  },
};

function choose(call: OutboundCall, chunk: ServiceChunk, state: ServiceState): Endpoint | null {
  const { endpoints } = chunk;
  const only = endpoints[0];
  if (endpoints.length === 1 && only !== undefined)
    return bindingOf(call, only) === null ? null : only;
  const reachable = (index: number): boolean => {
    const endpoint = endpoints[index];
    return endpoint !== undefined && endpoint.weight > 0 && bindingOf(call, endpoint) !== null;
  };
  const untried = (index: number): boolean =>
    reachable(index) && !call.tried.includes(endpoints[index]?.id ?? "");
  const mode = isBypassed(call, "balance", chunk.service) ? "round-robin" : chunk.balance;
  const pick = (isEligible: (index: number) => boolean): number =>
    mode === "p2c"
      ? pickP2c(
          endpoints,
          (index) => load(state, endpoints[index]),
          isEligible,
          () => call.isolate.random(),
        )
      : pickRoundRobin(endpoints, state.turns, isEligible);
  const first = pick(untried);
  return endpoints[first >= 0 ? first : pick(reachable)] ?? null;
}

const load = (state: ServiceState, endpoint: Endpoint | undefined): number =>
  state.loads.get(endpoint?.id ?? "")?.inFlight ?? 0;

function bindingOf(call: OutboundCall, endpoint: Endpoint): EndpointBinding | null {
  if (endpoint.url !== undefined) return call.isolate.external(endpoint.url);
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

function send(
  call: OutboundCall,
  endpoint: Endpoint,
  state: ServiceState,
  next: Next<OutboundCall>,
): Promise<Outcome> | Outcome {
  call.endpoint = endpoint;
  call.binding = bindingOf(call, endpoint);
  call.tried.push(endpoint.id);
  let held = state.loads.get(endpoint.id);
  if (held === undefined) {
    held = { inFlight: 0 };
    state.loads.set(endpoint.id, held);
  }
  held.inFlight += 1;
  call.held.push(held);
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
