// What is counted, logged and traced of a call: effective by observe, actual by attempt.
import { openBox } from "../algorithms/pulse/outbox.ts";
import { isLocal } from "../contract/reasons.ts";
import { BYPASSED, DEGRADED, TELEMETRY_OBJECT, type CallOutcome } from "../contract/telemetry.ts";
import type { AttemptRecord, CallRecord } from "../pipeline/isolate.ts";
import type { Tracer } from "../pipeline/late.ts";
import { hasLine } from "./access-log.ts";
import { now } from "./clock.ts";
import { tableOf, type Mind } from "./mind.ts";
import { writeLine } from "./log.ts";
import { createTally, type Tally } from "./tally.ts";

/** Dev's own eye on each record; null outside of dev. */
export type Watch = ((record: CallRecord | AttemptRecord, isDegraded: boolean) => void) | null;

/** A tally that is told with the pulse, destination by destination. */
export function tallyOf({ known }: Mind): Tally {
  const tally = createTally((destination) =>
    openBox(known.outbox, TELEMETRY_OBJECT + destination, () => tally.drain(destination, now())),
  );
  return tally;
}

/** Who is told of calls beside the tally. */
interface Home {
  readonly watch: Watch;
  readonly loadLate: () => Promise<boolean>;
}

/** A logical call has ended. */
export function record(
  { watch, loadLate }: Home,
  tally: Tally,
  mind: Mind,
  isDegraded: boolean,
  call: CallRecord,
): void {
  const view = tableOf(mind);
  watch?.(call, isDegraded);
  if (view?.bypassed("telemetry", call.destination) !== true) tallied(tally, isDegraded, call);
  if (!hasLine(call, isDegraded, view?.defaults.accessLog ?? "errors")) return;
  const nowMs = now();
  // Without the late part, the record as it is.
  const write = (): void =>
    writeLine(mind.known.late?.logLine(call, isDegraded, nowMs) ?? JSON.stringify(call));
  if (mind.known.late === null) void loadLate().then(write);
  else write();
}

function tallied(tally: Tally, isDegraded: boolean, call: CallRecord): void {
  const { side, source, destination, route, reason, retries, durationMs } = call;
  const isInbound = side === "inbound";
  if (!isInbound || isLocal(reason))
    tally.add(
      isInbound ? "inbound" : "effective",
      destination,
      source,
      "",
      route,
      outcomeOf(call),
      retries,
      durationMs,
    );
  const happened = (event: string): void =>
    tally.add("event", destination, source, "", "", event, 0, null);
  for (const feature of call.bypassed) happened(BYPASSED + feature);
  if (isDegraded) happened(DEGRADED);
}

/** An attempt that was sent has ended. */
export function attempted(watch: Watch, tally: Tally, mind: Mind, attempt: AttemptRecord): void {
  const { source, destination, endpoint, route, isRetry, durationMs } = attempt;
  watch?.(attempt, false);
  if (tableOf(mind)?.bypassed("telemetry", destination) !== true)
    tally.add(
      "actual",
      destination,
      source,
      endpoint,
      route,
      outcomeOf(attempt),
      isRetry ? 1 : 0,
      durationMs,
    );
}

/** RPC has no status, which is as good as any. */
const outcomeOf = ({ status, reason }: CallRecord | AttemptRecord): CallOutcome =>
  reason ?? (status < 400 ? "ok" : status < 500 ? "4xx" : "5xx");

/** Null unless the table wants traces; made when the first call is traced. */
export function tracerOf(mind: Mind, tally: Tally, workload: string): Tracer | null {
  const { known } = mind;
  if (known.table?.directory.defaults.tracing === undefined) return null;
  mind.tracer ??=
    known.late?.createTracer(
      () => known.isolate,
      (event) => tally.add("event", workload, workload, "", "", event, 0, null),
    ) ?? null;
  return mind.tracer;
}
