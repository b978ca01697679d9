// Owns the last step of the way in: the application's own handler or method, and the proof of its answer.
import type { InboundCall } from "../../pipeline/call.ts";
import { answer, fail, type Outcome } from "../../pipeline/outcome.ts";

/** Terminal of the inbound chain; an exception of the application is an outcome and reaches the caller as it is. */
export function run(call: InboundCall): Promise<Outcome> | Outcome {
  try {
    const value = call.run();
    if (value instanceof Response) return ran(call, value);
    return Promise.resolve(value).then((settled: unknown) => ran(call, settled), threw);
  } catch (error) {
    return threw(error);
  }
}

function ran(call: InboundCall, value: unknown): Promise<Outcome> | Outcome {
  try {
    const given = call.given(value);
    if (given instanceof Promise) return given.then((late: unknown) => answer(late, 0), threw);
    if (!(given instanceof Response) || call.rpc !== null) return answer(given, 0);
    const { status } = given;
    const made =
      status === 101
        ? Promise.resolve(call.upgraded(given)).then((opened) => proved(call, opened, status))
        : proved(call, given, status);
    if (!(made instanceof Promise)) return answer(made, status);
    return made.then((late) => answer(late, status), threw);
  } catch (error) {
    return threw(error);
  }
}

/** At `request` the answer carries a proof, which the late part that read the request's makes. */
const proved = (
  call: InboundCall,
  response: Response,
  status: number,
): Promise<Response> | Response =>
  call.verified?.request?.prove(response, status, call) ?? response;

const threw = (error: unknown): Outcome => fail("upstream_threw", error);
