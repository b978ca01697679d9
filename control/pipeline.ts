// Owns the way of a change, on one page: resources → validate → compile → sign → publish.
import type { WriteAnswer } from "../mesh/contract/api.ts";
import type { FieldError } from "../mesh/contract/resources/field-error.ts";
import type { PublishTurn, ResourceWrite } from "../mesh/contract/state.ts";
import { type Compiled, compile } from "./compile/compile.ts";
import type { Control } from "./control.ts";
import { type Outcome, done, failed, problem } from "./problem.ts";
import { putTable } from "./publish/kv.ts";
import { tooLarge } from "./publish/limit.ts";
import { type Published, publishUntil } from "./publish/publish.ts";
import { signTable } from "./sign/sign.ts";
import { type BatchItem, overlay, readBatch, toWrites } from "./validate/batch.ts";
import { conflicts } from "./validate/conflicts.ts";
import { checkRules } from "./validate/rules.ts";
import { refused } from "./status/refused.ts";
import { unmet } from "./status/unmet.ts";

/** Puts documents in place, all or none. */
export async function applyDocuments(
  control: Control,
  documents: readonly unknown[],
  dryRun: boolean,
): Promise<Outcome<WriteAnswer>> {
  const { items, errors } = readBatch(documents);
  if (errors.length > 0) return failed(problem("invalid", undefined, errors));

  const trial = await tryOut(control, items);
  if (!trial.ok) return trial;

  return change(control, toWrites(items), dryRun, unmet(trial.value.statuses, items));
}

/** Compiles what there would be; nothing is stored yet. */
async function tryOut(control: Control, items: readonly BatchItem[]): Promise<Outcome<Compiled>> {
  const nowMs = control.clock.now();
  const after = overlay(await control.store.list(), items, nowMs);
  const errors: readonly FieldError[] = checkRules(items, after);
  if (errors.length > 0) return failed(problem("invalid", undefined, errors));
  const compiled = compile(
    { resources: after, version: 0, previous: 0, nowMs },
    control.compiled.last,
  );
  const excess = tooLarge(compiled);
  return excess ? failed(problem("too_large", excess)) : done(compiled);
}

/** Writes a batch, and publishes what came of it. */
export async function change(
  control: Control,
  writes: readonly ResourceWrite[],
  dryRun: boolean,
  warnings: readonly string[] = [],
): Promise<Outcome<WriteAnswer>> {
  const written = await control.store.write(writes, control.by ?? "api", dryRun);
  const clashes = conflicts(writes, written);
  if (clashes.length > 0) return failed(problem("conflict", clashes[0]?.message, clashes));
  const results = writes.map(({ kind, namespace, name }, index) => ({
    kind,
    ...(namespace ? { namespace } : {}),
    name,
    verdict: written.verdicts[index]?.verdict ?? "unchanged",
    resourceVersion: written.verdicts[index]?.resourceVersion ?? "",
  }));
  if (dryRun) return done({ results, version: null, warnings });
  const published = await publish(control, written.revision).catch((error: unknown) => {
    const said = error instanceof Error ? error.message : String(error);
    throw new Error(`The change is stored, but publishing it failed: ${said}`, { cause: error });
  });
  if (!published.ok) return published;
  const { version, isInKv } = published.value;
  const late = isInKv
    ? []
    : ["KV did not take the table; isolates get it from control until it does."];
  return done({ results, version, warnings: [...warnings, ...late] });
}

/** Most bytes of chunks that are remembered with all they were made of. */
const MOST_KEPT_BYTES = 4 * 1024 * 1024;

/** An isolate has 128 MiB, and what a table is made of is many times as large as it is. */
function keepCompiled({ compiled: memory }: Control, made: Compiled): void {
  const bytes = made.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if (bytes <= MOST_KEPT_BYTES) memory.last = made;
  else delete memory.last;
}

/** Sees to it that the published table carries a write. */
export const publish = (control: Control, revision: number): Promise<Outcome<Published>> =>
  publishUntil(control, revision, (turn) => runTurn(control, turn));

/** One turn of the one publisher; null where it took so long that another turn took its place. */
async function runTurn(control: Control, turn: PublishTurn): Promise<Outcome<Published> | null> {
  const { store, issuer, registry, kv, clock } = control;
  const { version, previous, resources } = turn;
  let bytes: Uint8Array;
  let compiled: Compiled;
  try {
    compiled = compile({ resources, version, previous, nowMs: clock.now() }, control.compiled.last);
    keepCompiled(control, compiled);
    const excess = tooLarge(compiled);
    if (excess) {
      await store.endPublish(turn.turn, null);
      await store.writeStatuses(refused(compiled, excess));
      return failed(problem("too_large", excess));
    }
    bytes = await signTable(compiled, issuer);
  } catch (error) {
    await store.endPublish(turn.turn, null);
    throw error;
  }
  const isInKv = await putTable(kv, bytes, resources).then(
    () => true,
    () => false,
  );
  if (!(await store.endPublish(turn.turn, version, { bytes, isInKv }))) {
    // KV may hold this older table over a newer one now: said here, mended by reconcile.
    if (isInKv) await store.wroteKv(version);
    return null;
  }
  await Promise.all([
    registry.published(version, clock.now(), compiled.breakers).catch(() => undefined),
    store.writeStatuses(compiled.statuses),
  ]);
  return done({ version, isInKv });
}
