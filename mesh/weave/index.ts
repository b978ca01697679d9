// The module that weaving puts beside a built Worker which has neither routes nor assets of its own.
import { inbound } from "../chains/inbound.ts";
import { outbound } from "../chains/outbound.ts";
import type { Wiring } from "../contract/wiring.ts";
import { startWith, type Runtime } from "./frame.ts";

/** Starts the mesh in this isolate; must run before the application's module is evaluated. */
export const start = (env: Record<string, unknown>, wiring: Wiring): Runtime =>
  startWith(env, wiring, { outbound, inbound, serveOwn: null, withAssets: null });
