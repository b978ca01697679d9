// The control Worker: the API, the entrypoint Workload, and a minutely look whether anything was left undone.
import { app } from "./app.ts";
import { type ControlEnv, createControl } from "./control.ts";
import { refreshKeys } from "./jwks/refresh.ts";
import { memory } from "./issue/shared-memory.ts";
import { reconcile } from "./publish/reconcile.ts";
import { resign } from "./publish/resign.ts";
import { refreshTrust } from "./trust/refresh.ts";

export { Workload } from "./workload.ts";

/** Serves the API. */
export default {
  fetch: (request, env, ctx) => app.fetch(request, env, ctx),
  async scheduled(_event, env, ctx) {
    const control = createControl(env, ctx);
    await reconcile(control);
    await resign(memory, control);
    await refreshTrust(control);
    await refreshKeys(control);
  },
} satisfies ExportedHandler<ControlEnv>;
