// Owns the shape of the context a call carries over its hops (docs/wire.md, "Context"). Plain types.

export const CONTEXT_FORMAT = 1;
/** A call deeper than this is a loop. */
export const MAX_DEPTH = 16;

/** What travels with a call; packed into the `heddle` header or the first argument of `dispatch`. */
export interface CallContext {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits: the span of the caller's logical call. */
  readonly spanId: string;
  /** W3C trace flags. */
  readonly flags: number;
  /** The release decision of the entry event; empty where none was drawn. */
  readonly cohort: string;
  /** Instant by this isolate's clock, ms; Infinity is none. On the wire: milliseconds left. */
  readonly deadlineMs: number;
  /** Retries the call tree below may still make; -1 is no bound. */
  readonly allowance: number;
  /** 0 critical … 3 sheddable. */
  readonly priority: number;
  readonly depth: number;
  /** Worker invocations the request has seen so far. */
  readonly invocations: number;
  /** Set by the relay only: the workload it speaks for. */
  readonly onBehalf: string;
  /** To the relay only: the endpoint and entrypoint it should reach, `endpoint-id` or `endpoint-id entrypoint`. */
  readonly to: string;
  /** W3C tracestate; empty is none. On the wire with `baggage`, and only where one of them is set. */
  readonly tracestate: string;
  /** W3C baggage; empty is none. */
  readonly baggage: string;
}
