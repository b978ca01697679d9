// Copies of a request for other backends; what they answer is dropped.
import type { Backend, RetryPolicy, Rule } from "../../contract/table.ts";
import { isShortStream, readBody } from "../../pipeline/body.ts";
import { isBypassed } from "../../pipeline/bypass.ts";
import type { HttpParts, OutboundCall } from "../../pipeline/call.ts";
import { randomHex } from "../../pipeline/context.ts";
import type { Filter, Next } from "../../pipeline/filter.ts";
import type { Outcome } from "../../pipeline/outcome.ts";
import { giveUp } from "../../pipeline/settle.ts";

/** Sends the drawn copies the rest of the way, each a call of its own; a body that can be sent once only is not copied. */
export const mirror: Filter<OutboundCall> = {
  name: "mirror",
  doc: "Sends copies to the rule's mirrors and drops their answers; after split, so that a retry copies nothing again.",
  after: ["transform", "split"],
  wrap: (next) => (call) => {
    const { rule, http } = call;
    return rule?.mirrors === undefined || http === null
      ? next(call)
      : mirrored(call, rule, rule.mirrors, http, next);
  },
};

async function mirrored(
  call: OutboundCall,
  rule: Rule,
  mirrors: readonly Backend[],
  http: HttpParts,
  next: Next<OutboundCall>,
): Promise<Outcome> {
  const drawn = [...mirrors, ...(call.order[0]?.mirrors ?? [])].filter(
    ({ weight, service }) =>
      call.isolate.random() < weight &&
      http.headers["upgrade"] === undefined &&
      !isBypassed(call, "mirror", service),
  );
  const whole = drawn.length > 0 && isShortStream(http) ? await readBody(http) : http;
  call.http = whole;
  const copies = whole.replayable ? drawn.map((target) => copyOf(call, whole, rule, target)) : [];
  const outcome = next(call);
  for (const copy of copies) call.scope.keeper.waitUntil(dropped(copy, next));
  return outcome;
}

/** A mirror is not worth a second try. */
const ONCE: RetryPolicy = { attempts: 0, codes: [], backoffBaseMs: 0, backoffCapMs: 0 };

const copyOf = (
  call: OutboundCall,
  http: HttpParts,
  { route, index }: Rule,
  target: Backend,
): OutboundCall => ({
  ...call,
  http: { ...http, headers: { ...http.headers }, signal: null },
  spanId: randomHex(16, () => call.isolate.random()),
  rule: { route, index, backends: [target], retry: ONCE },
  order: [target],
  tried: [],
  held: [],
});

async function dropped(copy: OutboundCall, next: Next<OutboundCall>): Promise<void> {
  await giveUp(await next(copy));
}
