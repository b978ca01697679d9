// Owns publishing anew, with nothing changed, where another key has taken over to sign tables.
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
  const { kid } = await control.issuer.tableKey();
  if (kid === (table.directory.signed?.by ?? FIRST)) return done(null);
  return publish(control, OWN_TURN);
}
