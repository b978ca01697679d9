// How the object of a nonce is asked: late, since few Workers are strict.
import { PULSE_FORMAT } from "../../contract/pulse.ts";
import type { InboundCall } from "../../pipeline/call.ts";
import type { Body } from "../../pipeline/late.ts";
import { refuse } from "../../pipeline/outcome.ts";

/** Longest wait for the object; later is as if it were away. */
const WAIT_MS = 1000;

/** Refuses a nonce that was seen anywhere; without an answer the call is refused too. */
export const admit: Body<InboundCall, string> = async (call, nonce, next) => {
  const isFirst = await ask(call, nonce);
  if (isFirst === null) return refuse("no_guard", "no object answered for the nonce");
  return isFirst ? next(call) : refuse("replay", `nonce of ${call.principal}, seen elsewhere`);
};

async function ask({ isolate, principal }: InboundCall, nonce: string): Promise<boolean | null> {
  const pulse = isolate.pulse();
  if (pulse === null) return null;
  try {
    return await Promise.race([
      pulse
        .admit({ format: PULSE_FORMAT, caller: principal, key: nonce })
        .then(({ first }) => first),
      isolate.sleep(WAIT_MS).then(() => null),
    ]);
  } catch {
    return null;
  }
}
