// Owns publishing anew, with no resource changed: another key has taken over to sign tables, or somebody was revoked.
import type { Control } from "../control.ts";
import type { Memory } from "../issue/memory.ts";
import { publish } from "../pipeline.ts";
import { type Outcome, done } from "../problem.ts";
import type { Published } from "./publish.ts";

/** A revision no publication has yet: only a turn of one's own will do. */
const OWN_TURN = Number.MAX_SAFE_INTEGER;
const FIRST = "t1";

/** Null: nothing was to be done. */
export async function resign(memory: Memory, control: Control): Promise<Outcome<Published | null>> {
  const { table } = await memory.recall(control, 0);
  if (table === null) return done(null);
  const [{ kid }, revocations] = await Promise.all([
    control.issuer.tableKey(),
    control.issuer.revocations(),
  ]);
  const { signed, revoked = [] } = table.directory;
  const isToldAll = revocations.every(({ value }) => revoked.includes(value));
  if (kid === (signed?.by ?? FIRST) && isToldAll) return done(null);
  return publish(control, OWN_TURN);
}
