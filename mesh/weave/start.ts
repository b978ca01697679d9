// Boot of an isolate with every part: a Worker that joins by hand, and the mesh's own Workers.
// `heddle.js` of woven Workers is index.ts, which leaves out what the Worker does not need.
import { inbound } from "../chains/inbound.ts";
import { outbound } from "../chains/outbound.ts";
import type { Wiring } from "../contract/wiring.ts";
import { assetsInFront } from "./assets.ts";
import { createDev } from "./dev.ts";
import { weaveEntrypoint } from "./entrypoint.ts";
import { startWith, type Chains, type Runtime } from "./frame.ts";
import { loopbackExports } from "./loopback.ts";
import { weaveNamespace } from "./namespace.ts";
import { weaveObject } from "./object.ts";
import { serveOwn } from "./outside.ts";
import { createQueues } from "./queue.ts";

/** Starts the mesh in this isolate; must run before the application's module is evaluated. */
export const start = (
  env: Record<string, unknown>,
  wiring: Wiring,
  chains: Chains = { outbound, inbound },
): Runtime =>
  startWith(env, wiring, chains, {
    serveOwn,
    assetsInFront,
    objects: { weaveObject, weaveNamespace },
    weaveEntrypoint,
    // Whoever may ask it may also have the isolate forget everything.
    createDev: wiring.dev === true ? createDev : null,
    loopbackExports,
    shareExports: null,
    createQueues,
  });
