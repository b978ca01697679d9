// The relay: speaks the mesh for Workers that cannot, in both directions. Source from the binding's props only.
import { env, WorkerEntrypoint } from "cloudflare:workers";
import { BINDINGS, type Wiring } from "../../mesh/contract/wiring.ts";
import { problem } from "../../mesh/pipeline/problem.ts";
import { speakPlainly } from "../../mesh/weave/plain.ts";
import { createRelay } from "../../mesh/weave/relay.ts";
import { start } from "../../mesh/weave/start.ts";

const bindings = env as unknown as Record<string, unknown>;
const wiring = (bindings[BINDINGS.wiring] as Wiring | undefined) ?? null;
if (wiring !== null) speakPlainly(bindings, wiring);
const runtime = wiring === null ? null : start(bindings, wiring);

export default {
  fetch: (): Response => problem("unauthenticated", "", false),
};

/** What callers' bindings point to: `props.heddle { source, dialled }` or, from woven Workers, `{ workload }`. */
export const Relay = createRelay(runtime);

export const HeddleDev = runtime?.dev ?? class extends WorkerEntrypoint {};
