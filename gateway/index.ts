// The gateway: north-south ingress. Bindings to the edge chain, nothing else.
import { env, WorkerEntrypoint } from "cloudflare:workers";
import { BINDINGS, type Wiring } from "../mesh/contract/wiring.ts";
import { verifyUser } from "../mesh/identity/jose/end-user.ts";
import { createGate } from "../mesh/weave/gate.ts";
import { start } from "../mesh/weave/start.ts";
import { unwired } from "./unwired.ts";

const bindings = env as unknown as Record<string, unknown>;
const wiring = (bindings[BINDINGS.wiring] as Wiring | undefined) ?? null;
const runtime = wiring === null ? null : start(bindings, wiring);
const gate =
  runtime === null || wiring === null ? null : createGate(runtime.outlet, wiring, verifyUser);

export default {
  async fetch(request: Request, _env: unknown, ctx: ExecutionContext): Promise<Response> {
    return gate === null ? unwired() : gate(request, ctx);
  },
};

/** Dev pokes and resets the gateway's isolate as any other; outside dev it answers nobody. */
export const HeddleDev = runtime?.dev ?? class extends WorkerEntrypoint {};
