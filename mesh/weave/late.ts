// The module that lies beside `heddle.js` as `heddle-late.js`: what only some tables, and few calls, ask for.
import { lateFilters } from "../chains/late.ts";
import { followKey } from "../identity/table-keys.ts";
import { createOutward } from "../platform/outward.ts";
import { logLine } from "../platform/log-line.ts";
import { createTracer } from "../platform/tracer.ts";
import { createTrouble } from "../platform/trouble.ts";
import { requestProofs } from "../platform/request-proofs.ts";
import type { WholeLate } from "../platform/late.ts";

export { guard } from "./capability.ts";
export { follow } from "./follow.ts";
export { watchSocket } from "./socket.ts";
export { wrongCount } from "./wrong-count.ts";

/** What a table that says `late` is used with. */
export const late: WholeLate = {
  ...lateFilters,
  createOutward,
  requests: requestProofs,
  followKey,
  createTracer,
  createTrouble,
  logLine,
};
