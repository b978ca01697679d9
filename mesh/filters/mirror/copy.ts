// How a request is copied for a rule's mirrors: late, since few rules have any.
import type { Backend, RetryPolicy, Rule } from "../../contract/rule.ts";
import { isShortStream, readBody } from "../../pipeline/body.ts";
import { isBypassed } from "../../pipeline/bypass.ts";
import type { HttpParts, OutboundCall } from "../../pipeline/call.ts";
import { randomHex } from "../../pipeline/context.ts";
import type { Next } from "../../pipeline/filter.ts";
import type { Body } from "../../pipeline/late.ts";
import { giveUp } from "../../pipeline/settle.ts";

/** Draws the copies, sends them beside the call, and holds back none of it. */
export const copy: Body<OutboundCall, readonly Backend[]> = async (call, mirrors, next) => {
  const { http, rule } = call;
  if (http === null || rule === null) return next(call);
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
  for (const copied of copies) call.scope.keeper.waitUntil(dropped(copied, next));
  return outcome;
};

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

async function dropped(copied: OutboundCall, next: Next<OutboundCall>): Promise<void> {
  await giveUp(await next(copied));
}
