// Owns which circuit and policy hold for an attempt, and telling the circuit what came of it: a good answer at once, the
// rest by the late part's judgement.
import type { ServiceChunk } from "../contract/service.ts";
import type { OutboundCall } from "./call.ts";
import { LEASE } from "./isolate.ts";
import type { Outcome } from "./outcome.ts";

/** The service whose circuits count an attempt; a Worker dialled past its services has one of its own name. */
export const circuitService = ({
  backend,
  dialled,
}: Pick<OutboundCall, "backend" | "dialled">): string =>
  (backend?.service ?? dialled.service) || (dialled.endpoint ?? "");

/** Puts the circuit of the chosen endpoint on the call. */
export function takeCircuit(call: OutboundCall, service: string, endpoint: string): void {
  const { isolate } = call;
  const breakers = breakersOf(call, service);
  const own = breakers && isolate.late()?.ownBreaker(call, endpoint, breakers);
  call.breaker = own?.policy ?? isolate.table()?.defaults.breaker ?? null;
  call.circuit = isolate.circuit(service, endpoint, own?.scope ?? "");
}

const breakersOf = ({ isolate, chunk }: OutboundCall, service: string): ServiceChunk["breakers"] =>
  (chunk?.service === service ? chunk : isolate.table()?.service(service))?.breakers;

/** Once per attempt, whatever came of it; `startMs` is when it began. */
export function settleCircuit(call: OutboundCall, outcome: Outcome, startMs: number): void {
  const { isolate, circuit, breaker, lease, scope, reason, sentBefore } = call;
  if (circuit === null) return;
  call.circuit = null;
  call.lease = LEASE.none;
  const isGood = outcome.kind === "answer" && outcome.status < 500 && reason === null;
  if (!isGood) scope.isTroubled = true;
  else if (lease === LEASE.none && sentBefore === 0 && !((breaker?.slowRatio ?? 0) > 0))
    return circuit.good();
  const attempt = {
    isRpc: call.rpc !== null,
    refusedThere: outcome.kind === "answer" ? reason : null,
    hadMs: call.attemptEndMs - startMs,
    isSent: call.dispatched > sentBefore,
    isRetry: sentBefore > 0,
    tookMs: isolate.now() - startMs,
  };
  const settle = (): void =>
    isolate.late()?.settleCircuit(circuit, outcome, attempt, breaker, lease);
  if (isolate.late() === null) scope.keeper.waitUntil(isolate.loadLate().then(settle));
  else settle();
}
