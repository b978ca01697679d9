// Dev only: the entrypoint by which `heddle dev` syncs, forgets and reads this isolate. Never woven for a deploy.
import { WorkerEntrypoint } from "cloudflare:workers";
import { countIn, createCounters, entriesOf } from "../platform/counters.ts";
import type { MeshIsolate } from "../platform/isolate.ts";

/** What dev may ask of an isolate. */
export interface DevApi {
  /** Syncs now; answers the table version in use. */
  poke(): Promise<number>;
  /** Clears the mesh's module state, as a new isolate has it. */
  reset(): Promise<void>;
  /** The mesh's own counters, by key. */
  counts(): Promise<Readonly<Record<string, number>>>;
}
export type DevClass = new (
  ctx: ExecutionContext,
  env: Cloudflare.Env,
) => WorkerEntrypoint & DevApi;

export function createDev(isolate: MeshIsolate): DevClass {
  const counters = createCounters();
  isolate.watch = (record, isDegraded) => countIn(counters, record, isDegraded);
  return class HeddleDev extends WorkerEntrypoint implements DevApi {
    async poke(): Promise<number> {
      return isolate.poke();
    }
    async reset(): Promise<void> {
      isolate.reset();
    }
    async counts(): Promise<Readonly<Record<string, number>>> {
      return entriesOf(counters);
    }
  };
}
