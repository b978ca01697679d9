// How a rule's faults are injected: late, since few rules have any.
import type { Fault } from "../../contract/rule.ts";
import { isBypassed } from "../../pipeline/bypass.ts";
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Body } from "../../pipeline/late.ts";
import { answer, refuse } from "../../pipeline/outcome.ts";

/** Waits first, then aborts; the wait does not count against the rule's own timeout (Envoy: its timer starts later). */
export const inject: Body<OutboundCall, Fault> = async (call, given, next) => {
  const { isolate } = call;
  const { delay, abort } = given;
  if (isOver(call, given)) return next(call);
  if (delay !== undefined && isolate.random() < delay.share) {
    const leftMs = call.scope.context.deadlineMs - isolate.now();
    await isolate.sleep(Math.min(delay.ms, leftMs));
    if (delay.ms >= leftMs) return refuse("deadline_exceeded", "an injected delay");
    call.deadlineMs = Math.min(call.deadlineMs + delay.ms, call.scope.context.deadlineMs);
  }
  const isAborted = abort !== undefined && call.http !== null && isolate.random() < abort.share;
  if (!isAborted) return next(call);
  call.detail = "an injected fault";
  return answer(new Response("fault injected\n", { status: abort.status }), abort.status);
};

/** It has ended, or a kill switch is set. */
function isOver(call: OutboundCall, { expiresMs }: Fault): boolean {
  const service = call.rule?.backends[0]?.service ?? "";
  return call.isolate.now() >= expiresMs || isBypassed(call, "fault", service);
}
