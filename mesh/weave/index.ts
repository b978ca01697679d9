// The module that weaving puts beside a built Worker: `heddle.js`, with the parts that this Worker needs.
import { inbound } from "../chains/inbound.ts";
import { outbound } from "../chains/outbound.ts";
import type { Wiring } from "../contract/wiring.ts";
import { assetsInFront } from "./assets.ts";
import { createDev } from "./dev.ts";
import { weaveEntrypoint } from "./entrypoint.ts";
import { startWith, type Runtime } from "./frame.ts";
import { loopbackExports } from "./loopback.ts";
import { weaveNamespace } from "./namespace.ts";
import { weaveObject } from "./object.ts";
import { serveOwn } from "./outside.ts";
import { shareExports } from "./platform-exports.ts";
import { createQueues } from "./queue.ts";

/** Constants put in by cli/bundle.ts; what stands behind a false one is not in the bundle. */
declare const HEDDLE_PARTS: {
  readonly routes: boolean;
  readonly assets: boolean;
  readonly objects: boolean;
  readonly classes: boolean;
  readonly dev: boolean;
  readonly exports: boolean;
  readonly importedExports: boolean;
  readonly queues: boolean;
};

/** Starts the mesh in this isolate; must run before the application's module is evaluated. */
export const start = (env: Record<string, unknown>, wiring: Wiring): Runtime =>
  startWith(
    env,
    wiring,
    { outbound, inbound },
    {
      serveOwn: HEDDLE_PARTS.routes ? serveOwn : null,
      assetsInFront: HEDDLE_PARTS.assets ? assetsInFront : null,
      objects: HEDDLE_PARTS.objects ? { weaveObject, weaveNamespace } : null,
      weaveEntrypoint: HEDDLE_PARTS.classes ? weaveEntrypoint : null,
      createDev: HEDDLE_PARTS.dev ? createDev : null,
      loopbackExports: HEDDLE_PARTS.exports ? loopbackExports : null,
      shareExports: HEDDLE_PARTS.importedExports ? shareExports : null,
      createQueues: HEDDLE_PARTS.queues ? createQueues : null,
    },
  );
