// Owns asking how far a version has come: the Registry says who runs what, the Mesh how long an isolate may lag.
import type { MeshSpec } from "../../mesh/contract/resources/mesh.ts";
import { effectiveDefaults } from "../compile/effective-defaults.ts";
import type { Control } from "../control.ts";
import { type Outcome, done, failed, problem } from "../problem.ts";
import { convergenceOf } from "./convergence.ts";
import type { Convergence } from "../../mesh/contract/api.ts";

/** Isolates not heard of for this long are gone. */
const GONE_MS = 600_000;

/** Convergence of the version a request names; of the newest where it names none. */
export async function readConvergence(
  control: Control,
  asked: string | undefined,
): Promise<Outcome<Convergence>> {
  const { registry, store, clock } = control;
  if (asked !== undefined && !/^\d{1,15}$/.test(asked)) {
    return failed(problem("malformed", "`version` is not a table version."));
  }
  const nowMs = clock.now();
  const [newest, seen, [mesh]] = await Promise.all([
    registry.newest(),
    registry.isolates(nowMs - GONE_MS),
    store.list("Mesh"),
  ]);
  const spec = mesh?.spec as MeshSpec | undefined;
  return done(
    convergenceOf({
      version: asked === undefined ? newest.version : Number(asked),
      newest,
      seen,
      leaseMs: control.leaseMs ?? effectiveDefaults(spec?.defaults).lease.normalMs,
      nowMs,
    }),
  );
}
