// Refuses calls to an endpoint whose circuit is open, except leased probes; what comes of the rest is counted by attempt.
import { isBypassed } from "../../pipeline/bypass.ts";
import type { OutboundCall } from "../../pipeline/call.ts";
import { circuitService, takeCircuit } from "../../pipeline/circuit.ts";
import type { Filter, Next } from "../../pipeline/filter.ts";
import { LEASE, type Circuit } from "../../pipeline/isolate.ts";
import { refuse, type Outcome } from "../../pipeline/outcome.ts";

/** Lets calls pass while the endpoint's circuit is closed; one map look-up, nothing else, while it is. */
export const breaker: Filter<OutboundCall> = {
  name: "breaker",
  doc: "Refuses what an open circuit would; below balance, since a circuit is of one endpoint, so that a failing canary does not cut the stable side.",
  after: ["balance"],
  wrap: (next) => (call) => {
    const { endpoint, circuit: held } = call;
    const service = circuitService(call);
    if (endpoint === null || isBypassed(call, "breaker", service)) return next(call);
    takeCircuit(call, service, endpoint.id);
    const { circuit } = call;
    // The same attempt with another key goes by the lease it has.
    if (circuit === null || circuit.isClosed() || (circuit === held && call.lease !== LEASE.none))
      return next(call);
    const leftMs = call.attemptEndMs - call.isolate.now();
    const lease = circuit.admit(leftMs, call.scope.keeper);
    return typeof lease === "number"
      ? enter(call, circuit, lease, next)
      : lease.then((granted) => enter(call, circuit, granted, next));
  },
};

function enter(
  call: OutboundCall,
  circuit: Circuit,
  lease: number,
  next: Next<OutboundCall>,
): Promise<Outcome> | Outcome {
  if (lease === LEASE.refused) {
    call.circuit = null;
    call.scope.isTroubled = true;
    return refuse("circuit_open", circuit.object);
  }
  call.lease = lease;
  return next(call);
}
