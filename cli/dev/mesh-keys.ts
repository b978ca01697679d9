// Owns the table, the public key and the deploy seeds that dev has last seen: kept in the state folder,
// where `heddle weave` finds them too, and put into the wiring of every Worker before it starts.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { KeySet } from "../../mesh/contract/identity.ts";
import { askControl, type ControlTarget } from "../client.ts";
import { collectKeys, type MeshKeys } from "../weave/keys.ts";

/** What `GET /v1/weave/:namespace/:name` answers, as far as dev needs it. */
interface WeaveAnswer {
  readonly publicKey: JsonWebKey;
  readonly seed: KeySet;
}

const OWNER_ONLY = { mode: 0o600 };

/** Asks control for what these workloads are woven with, and keeps it. */
export async function learnKeys(
  target: ControlTarget,
  workloads: readonly string[],
  stateDir: string,
): Promise<void> {
  const seedsDir = path.join(stateDir, "seeds");
  mkdirSync(seedsDir, { recursive: true });
  await Promise.all([
    learnTable(target, stateDir),
    ...workloads.map(async (workload, index) => {
      const { seed, publicKey } = await askControl<WeaveAnswer>(
        target,
        "GET",
        `/v1/weave/${workload}`,
      );
      const file = path.join(seedsDir, `${workload.replace("/", ".")}.json`);
      writeFileSync(file, JSON.stringify(seed), OWNER_ONLY);
      if (index === 0)
        writeFileSync(path.join(stateDir, "table-key.json"), JSON.stringify(publicKey));
    }),
  ]);
}

/** The whole table, as KV holds it. */
async function learnTable(target: ControlTarget, stateDir: string): Promise<void> {
  const response = await fetch(`${target.control}/v1/table`, {
    headers: { authorization: `Bearer ${target.token}` },
  });
  if (!response.ok) return;
  writeFileSync(path.join(stateDir, "table.bin"), new Uint8Array(await response.arrayBuffer()));
}

/** What was last learned, the seeds wrapped under each workload's key-encryption key. */
export const keptKeys = async (workloads: readonly string[], stateDir: string): Promise<MeshKeys> =>
  await collectKeys(workloads, { stateDir, env: {}, nowMs: Date.now() });
