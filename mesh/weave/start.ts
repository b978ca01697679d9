// Boot of an isolate with every part: Workers with routes or assets of their own, by hand, and the mesh's own Workers.
// `heddle.js` of every other woven Worker is index.ts, which leaves out what they do not need.
import { inbound } from "../chains/inbound.ts";
import { outbound } from "../chains/outbound.ts";
import type { Wiring } from "../contract/wiring.ts";
import { withAssets } from "./assets.ts";
import { startWith, type Chains, type Runtime } from "./frame.ts";
import { serveOwn } from "./outside.ts";

/** Starts the mesh in this isolate; must run before the application's module is evaluated. */
export const start = (
  env: Record<string, unknown>,
  wiring: Wiring,
  chains: Chains = { outbound, inbound },
): Runtime => startWith(env, wiring, { ...chains, serveOwn, withAssets });
