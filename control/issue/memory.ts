// Owns what a control isolate remembers so that `join` is answered at once: newest table, masters, revocations.
// It is refreshed in the background; with the objects slow or away, what is remembered goes on being good.
import { EPOCH_MS, type Revocation } from "../../mesh/contract/identity.ts";
import type { Verdict } from "../../mesh/contract/pulse.ts";
import type { IsolateSeen } from "../../mesh/contract/state.ts";
import type { Control } from "../control.ts";
import { WORKLOAD_KIND } from "../resources/workload.ts";
import { type Master, toMaster } from "./keys.ts";
import { toWorkloads, type Workloads } from "./reach.ts";
import { type TableIndex, indexTable } from "./table-index.ts";

/** Memory younger than this is not asked about. */
const FRESH_MS = 1000;
/** An isolate that has our newest and asks again has heard of a newer one. */
const BEHIND_FRESH_MS = 50;
/** After a refresh that failed in part, the next is this far away. */
const RETRY_MS = 250;
/** Longest wait for a refresh where there is something to go on with, and where there is nothing. */
const WARM_WAIT_MS = 150;
const COLD_WAIT_MS = 5000;
/** A refresh not heard of for this long is lost with the request that carried it. */
const LOST_MS = 5000;

/** What is known at one time. */
export interface Known {
  /** Null before the first publication. */
  readonly table: TableIndex | null;
  readonly workloads: Workloads;
  /** Of the epochs e-1, e and e+1. */
  readonly epochs: readonly Master[];
  readonly revocations: readonly Revocation[];
  readonly circuits: readonly Verdict[];
}

export interface Memory {
  /** What is known, refreshed first where it is old; throws where nothing is and nobody answers. */
  recall(control: Control, have: number): Promise<Known>;
  /** Refreshes now and waits for it: after a change of our own. */
  refresh(control: Control): Promise<void>;
  /** An isolate was given a table: told to the Registry with the next refresh. */
  saw(seen: IsolateSeen): void;
}

interface Keys {
  readonly epoch: number;
  readonly epochs: readonly Master[];
}

interface Tables {
  readonly table: TableIndex | null;
  readonly workloads: Workloads;
}

export function createMemory(): Memory {
  let tables: Tables = { table: null, workloads: new Map() };
  let keys: Keys | null = null;
  let revocations: readonly Revocation[] = [];
  let circuits: readonly Verdict[] = [];
  let knownMs = Number.NEGATIVE_INFINITY;
  let failure: unknown = null;
  let running: { readonly work: Promise<void>; readonly sinceMs: number } | null = null;
  const pending = new Map<string, IsolateSeen>();

  const known = (): Known | null => keys && { ...tables, ...keys, revocations, circuits };

  /** A refresh that comes back late must not take an older table in. */
  const take = (found: Tables | null): void => {
    if (found && (found.table?.version ?? 0) > (tables.table?.version ?? 0)) tables = found;
  };

  /** Asks each object for what changed; where one does not answer, what was known of it stays. */
  async function renew(control: Control): Promise<void> {
    const startedMs = control.clock.now();
    const seen = [...pending.values()];
    pending.clear();
    const asked = await Promise.allSettled([
      control.registry.merge(seen).then((reply) => {
        revocations = reply.revocations;
        circuits = reply.circuits ?? [];
      }),
      fetchTables(control, tables.table?.version ?? 0).then(take),
      fetchKeys(control, keys).then((found) => (keys = found)),
    ]);
    failure = asked.find(({ status }) => status === "rejected") ?? null;
    knownMs = failure ? startedMs - FRESH_MS + RETRY_MS : startedMs;
    running = null;
  }

  /** One refresh at a time; its starter keeps it alive, everybody who waits has a timer of its own. */
  function start(control: Control): Promise<void> {
    const nowMs = control.clock.now();
    if (running && nowMs - running.sinceMs < LOST_MS) return running.work;
    const work = renew(control);
    running = { work, sinceMs: nowMs };
    control.waitUntil(work);
    return work;
  }

  function isFresh(nowMs: number, have: number): boolean {
    const isBehind = have > 0 && have >= (tables.table?.version ?? 0);
    const hasEpoch = keys?.epoch === Math.floor(nowMs / EPOCH_MS);
    return hasEpoch && nowMs - knownMs < (isBehind ? BEHIND_FRESH_MS : FRESH_MS);
  }

  return {
    async recall(control, have) {
      const before = known();
      if (before && isFresh(control.clock.now(), have)) return before;
      const waitMs = before ? WARM_WAIT_MS : COLD_WAIT_MS;
      await Promise.race([start(control), control.clock.sleep(waitMs)]);
      const after = known();
      if (after) return after;
      throw new Error("control knows no keys yet: its objects do not answer", { cause: failure });
    },
    async refresh(control) {
      if (running) await Promise.race([running.work, control.clock.sleep(WARM_WAIT_MS)]);
      await start(control);
    },
    saw: (seen) => void pending.set(`${seen.workload} ${seen.isolate}`, seen),
  };
}

async function fetchKeys({ issuer, clock }: Control, before: Keys | null): Promise<Keys> {
  const epoch = Math.floor(clock.now() / EPOCH_MS);
  if (before?.epoch === epoch) return before;
  const { epochs } = await issuer.masters();
  return { epoch, epochs: epochs.map(toMaster) };
}

async function fetchTables({ store }: Control, have: number): Promise<Tables | null> {
  const newest = await store.table(have);
  if (!newest) return null;
  const workloads = toWorkloads(await store.list(WORKLOAD_KIND));
  return { table: indexTable(newest.bytes), workloads };
}
