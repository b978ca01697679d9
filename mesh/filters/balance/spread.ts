// Which of several endpoints takes a call: late, since a service usually has one.
import { pickP2c } from "../../algorithms/balance/p2c.ts";
import { pickRoundRobin } from "../../algorithms/balance/round-robin.ts";
import { leave } from "../../algorithms/concurrency/bulkhead.ts";
import type { Endpoint, ServiceChunk } from "../../contract/service.ts";
import { isBypassed } from "../../pipeline/bypass.ts";
import type { OutboundCall } from "../../pipeline/call.ts";
import type { ServiceState } from "../../pipeline/isolate.ts";
import type { Body } from "../../pipeline/late.ts";
import { refuse, type Outcome } from "../../pipeline/outcome.ts";
import { bindingOf, send } from "./balance.ts";
import { observeCall, prefer } from "./prefer.ts";

const VERSION_OVERRIDES = "cloudflare-workers-version-overrides";

/** Takes an endpoint by the service's mode; one behind an open circuit gives way to the next, since nothing was sent. */
export const spread: Body<OutboundCall, ServiceChunk> = (call, chunk, next) => {
  const state = call.isolate.service(chunk.service);
  const index = choose(call, chunk, state);
  const endpoint = chunk.endpoints[index];
  if (endpoint === undefined) return refuse("not_bound", chunk.service);
  const began = call.isolate.now();
  const isTimed = chunk.balancing?.mode === "peak-ewma";
  steer(call, chunk, endpoint);
  const outcome = send(call, endpoint, state, next);
  // Behind a closed circuit there is nothing to give way to.
  if (!isTimed && call.circuit?.isClosed() === true) return outcome;
  const settled = (one: Outcome): Promise<Outcome> | Outcome => {
    if (isTimed) observeCall(call, state, endpoint.id, one, began);
    if (!isHeldBack(call, one) || !hasMore(call, chunk)) return one;
    const held = call.held.pop();
    if (held !== undefined) leave(held);
    return spread(call, chunk, next);
  };
  return outcome instanceof Promise ? outcome.then(settled) : settled(outcome);
};

/** Refused by the circuit itself, which then counts nothing: the attempt never began. */
const isHeldBack = ({ circuit }: OutboundCall, outcome: Outcome): boolean =>
  outcome.kind === "refusal" && outcome.reason === "circuit_open" && circuit === null;

/** A Worker's version is asked for by the platform's own header, of which the next endpoint must know nothing. */
function steer({ http }: OutboundCall, { endpoints }: ServiceChunk, { version }: Endpoint): void {
  if (http === null || !endpoints.some((one) => one.version !== undefined)) return;
  delete http.headers[VERSION_OVERRIDES];
  if (version !== undefined) http.headers[VERSION_OVERRIDES] = version;
}

const isUntried = ({ tried }: OutboundCall, { id }: Endpoint): boolean => !tried.includes(id);

const hasMore = (call: OutboundCall, { endpoints }: ServiceChunk): boolean =>
  endpoints.some((one) => isUsable(call, one) && isUntried(call, one));

/** RPC has no header that could ask for a version. */
const isUsable = (call: OutboundCall, endpoint: Endpoint): boolean =>
  endpoint.weight > 0 &&
  (endpoint.version === undefined || call.http !== null) &&
  bindingOf(call, endpoint) !== null;

function choose(call: OutboundCall, chunk: ServiceChunk, state: ServiceState): number {
  const { endpoints, balancing } = chunk;
  const usable = (index: number): boolean => {
    const endpoint = endpoints[index];
    return endpoint !== undefined && isUsable(call, endpoint);
  };
  const untried = (index: number): boolean =>
    usable(index) && isUntried(call, endpoints[index] as Endpoint);
  const pinned = call.pin === undefined ? -1 : endpoints.findIndex(({ id }) => id === call.pin);
  if (untried(pinned)) return pinned;
  const pick = (isEligible: (index: number) => boolean): number => {
    if (isBypassed(call, "balance", chunk.service))
      return pickRoundRobin(endpoints, state.turns, isEligible);
    if (balancing !== undefined) return prefer(call, chunk, balancing, state, isEligible);
    if (chunk.balance === "round-robin") return pickRoundRobin(endpoints, state.turns, isEligible);
    const inFlight = (index: number): number =>
      state.loads.get(endpoints[index]?.id ?? "")?.inFlight ?? 0;
    return pickP2c(endpoints, inFlight, isEligible, () => call.isolate.random());
  };
  const first = pick(untried);
  return first >= 0 ? first : pick(usable);
}
