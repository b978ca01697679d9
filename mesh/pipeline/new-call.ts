// Owns how a call on its way out begins: who makes it to whom, and nothing decided.
import type { Dialled } from "../contract/wiring.ts";
import type { HttpParts, OutboundCall, RpcParts } from "./call.ts";
import { randomHex } from "./context.ts";
import type { Isolate, Scope } from "./isolate.ts";

/** In whose name calls are made. */
export interface Speaker {
  readonly isolate: Isolate;
  /** Who speaks: the workload itself, or for the relay the workload behind it. */
  readonly source: string;
  readonly onBehalf: string;
}

/** A call before any filter has decided anything. */
export function newCall(
  speaker: Speaker,
  scope: Scope,
  dialled: Dialled,
  http: HttpParts | null,
  rpc: RpcParts | null,
): OutboundCall {
  return {
    isolate: speaker.isolate,
    scope,
    side: "outbound",
    source: speaker.source,
    dialled,
    http,
    rpc,
    listener: null,
    onBehalf: speaker.onBehalf,
    spanId: randomHex(16, () => speaker.isolate.random()),
    cohort: "",
    deadlineMs: Number.POSITIVE_INFINITY,
    chunk: null,
    rule: null,
    order: NO_BACKENDS,
    backend: null,
    tried: [],
    endpoint: null,
    binding: null,
    envelope: "",
    checkAnswer: null,
    sent: null,
    held: [],
    isSeed: false,
    attempts: 0,
    dispatched: 0,
    circuit: null,
    breaker: null,
    lease: 0,
    perTryMs: 0,
    startMs: 0,
    attemptStartMs: 0,
    sentBefore: 0,
    attemptEndMs: Number.POSITIVE_INFINITY,
    bypassed: null,
    reason: null,
    detail: "",
  };
}

const NO_BACKENDS: OutboundCall["order"] = [];
