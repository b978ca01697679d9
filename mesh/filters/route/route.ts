// Picks the rule of the dialled service's routes that wins, and takes over its policies once per call.
import type { Rule } from "../../contract/rule.ts";
import type { ServiceChunk } from "../../contract/service.ts";
import type { OutboundCall } from "../../pipeline/call.ts";
import type { Filter } from "../../pipeline/filter.ts";
import { refuse } from "../../pipeline/outcome.ts";

/** Consumer routes of the caller's namespace win over the service's own (GAMMA); no route at all is the service itself. */
export const route: Filter<OutboundCall> = {
  name: "route",
  doc: "Picks the winning rule and its timeouts; everything below acts on the rule.",
  after: ["discover"],
  wrap: (next) => (call) => {
    if (call.rule === null && call.chunk !== null) call.rule = ruleFor(call, call.chunk);
    if (call.rule === null && call.chunk !== null) return refuse("no_route", call.chunk.service);
    if (call.rule !== null) bound(call, call.rule);
    return next(call);
  },
};

function ruleFor(call: OutboundCall, chunk: ServiceChunk): Rule | null {
  const { producer, consumer, rpc } = chunk;
  if ((producer ?? consumer ?? rpc ?? null) === null) return implicitRule(chunk);
  const late = call.isolate.late();
  if (late === null) return null;
  const rule = late.route(chunk, call);
  return rule === undefined ? implicitRule(chunk) : rule;
}

/** Applies a rule's timeouts to the call; the tighter of rule and caller holds. */
function bound(call: OutboundCall, rule: Rule): void {
  if (rule.timeoutMs !== undefined && rule.timeoutMs > 0)
    call.deadlineMs = Math.min(call.deadlineMs, call.isolate.now() + rule.timeoutMs);
  if (rule.perTryMs !== undefined && rule.perTryMs > 0) call.perTryMs = rule.perTryMs;
}

const implicit = new WeakMap<ServiceChunk, Rule>();

function implicitRule(chunk: ServiceChunk): Rule {
  const known = implicit.get(chunk);
  if (known !== undefined) return known;
  const rule: Rule = {
    route: "",
    index: 0,
    backends: [{ service: chunk.service, port: null, weight: 1 }],
    ...chunk.bounds,
  };
  implicit.set(chunk, rule);
  return rule;
}
