// The control Worker: the API, the entrypoint Workload, and a minutely look whether anything was left undone.
import { app } from "./app.ts";
import { type ControlEnv, createControl } from "./control.ts";
import { reconcile } from "./publish/reconcile.ts";

export { Workload } from "./workload.ts";

/** Serves the API. */
export default {
  fetch: (request, env, ctx) => app.fetch(request, env, ctx),
  scheduled: (_event, env, ctx) => reconcile(createControl(env, ctx)),
} satisfies ExportedHandler<ControlEnv>;
