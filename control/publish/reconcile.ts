// Owns mending what a failure left behind, once a minute: a change that was not published, a table KV did not take,
// a version the Registry has not heard of.
import { TABLE_KEY } from "../../mesh/contract/table.ts";
import type { Control } from "../control.ts";
import { publish } from "../pipeline.ts";

/** Brings store, KV and Registry to the same version. */
export async function reconcile(control: Control): Promise<void> {
  const { store, registry, kv, clock } = control;
  const state = await store.publishState();
  if (state.published < state.revision) {
    await publish(control, state.revision);
    return;
  }
  if (state.version === 0) return;
  if (state.kvVersion < state.version) {
    const table = await store.table(0);
    if (table) {
      await kv.put(TABLE_KEY, table.bytes);
      await store.wroteKv(table.version);
    }
  }
  const newest = await registry.newest();
  if (newest.version < state.version) await registry.published(state.version, clock.now());
}
