// Owns mending what a failure left behind, once a minute: a change that was not published, a table KV did not take, a
// version or a revocation the Registry has not heard of.
import type { Control } from "../control.ts";
import { publish } from "../pipeline.ts";
import { WORKLOAD_KIND } from "../resources/workload.ts";
import { putTable } from "./kv.ts";

/** Brings store, Registry and KV to the same version, and the Registry to the revocations issued. */
export async function reconcile(control: Control): Promise<void> {
  const { store, registry, issuer, clock } = control;
  const [known, issued] = await Promise.all([registry.merge([]), issuer.revocations()]);
  if (known.revocations.length < issued.length) await registry.addRevocations(issued);
  const state = await store.publishState();
  if (state.published < state.revision) {
    await publish(control, state.revision);
    return;
  }
  if (state.version === 0) return;
  if (known.newest < state.version) await registry.published(state.version, clock.now());
  if (state.kvVersion < state.version) await writeKv(control);
}

/** Writes the published table again; in a turn, so that nobody else writes at the same time. */
async function writeKv({ store, kv, gapMs }: Control): Promise<void> {
  const turn = await store.beginPublish(gapMs);
  if (!turn) return;
  try {
    const table = await store.table(0);
    if (!table) return;
    await putTable(kv, table.bytes, await store.list(WORKLOAD_KIND));
    await store.wroteKv(table.version);
  } finally {
    await store.endPublish(turn.turn, null);
  }
}
