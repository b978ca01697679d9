// Owns the parts that a Pulse isolate was told and has still to hand on: merged into one call per object and time, and
// acknowledged only when the object took them.
import { aged } from "../../mesh/algorithms/breaker/door.ts";
import type { PartMark, PulsePart, Verdict } from "../../mesh/contract/pulse.ts";
import type { TakenPart } from "../../mesh/contract/state.ts";
import type { Clock } from "../clock.ts";
import { MERGE_EVERY_MS } from "./memory.ts";

/** Longest wait for an object on behalf of one report. */
export const TAKEN_WAIT_MS = 40;
/** A call to an object that was not heard of for this long is lost with the request that carried it. */
const LOST_MS = 5000;
/** Objects remembered; past it the longest silent one is forgotten, and its parts come again. */
const MOST_OBJECTS = 4096;

export type Part = TakenPart<PulsePart["delta"]>;
/** Calls the object of that name; a circuit answers with its verdict. */
export type Deliver = (object: string, parts: readonly Part[]) => Promise<Verdict | null>;

type WaitUntil = (work: Promise<unknown>) => void;

interface Pending {
  parts: Part[];
  /** By teller: the last sequence that the object took from here. */
  readonly taken: Map<string, number>;
  mergedMs: number;
  merging: { readonly work: Promise<void>; readonly sinceMs: number } | null;
  verdict: { readonly said: Verdict; readonly atMs: number } | null;
}

/** Who tells: what the binding attests, and the isolate. */
export interface Teller {
  readonly workload: string;
  readonly isolate: string;
}

export interface PartsMemory {
  /** Takes parts; those of objects that were not called lately are handed on at once. */
  take(
    teller: Teller,
    parts: readonly PulsePart[],
    deliver: Deliver,
    waitUntil: WaitUntil,
  ): Promise<{ readonly marks: readonly PartMark[]; readonly verdicts: readonly Verdict[] }>;
  /** Hands on what waits for one object together with another call to it. */
  with<T extends { readonly verdict: Verdict }>(
    object: string,
    call: (parts: readonly Part[]) => Promise<T>,
  ): Promise<T>;
}

/** `inMs` says in how long an object is told that was told last so long ago; by default a second after that. */
export function createPartsMemory(
  clock: Clock,
  inMs: (object: string, sinceMs: number) => number = (_object, sinceMs) =>
    Math.max(0, MERGE_EVERY_MS - sinceMs),
): PartsMemory {
  const objects = new Map<string, Pending>();

  function pendingOf(object: string): Pending {
    const known = objects.get(object) ?? bornPending();
    objects.delete(object);
    objects.set(object, known);
    const silent = objects.size > MOST_OBJECTS ? objects.keys().next() : null;
    if (silent?.value !== undefined) objects.delete(silent.value);
    return known;
  }

  /** What an object can be told at once is told at once, else when it is its time again; null where nobody waits. */
  function ensureMerge(object: string, deliver: Deliver, waitUntil: WaitUntil) {
    const pending = pendingOf(object);
    const nowMs = clock.now();
    if (pending.parts.length === 0) return null;
    if (pending.merging !== null && nowMs - pending.merging.sinceMs < LOST_MS) return null;
    const delayMs = inMs(object, nowMs - pending.mergedMs);
    const work = mergeLater(pending, (parts) => deliver(object, parts), clock, delayMs);
    pending.merging = { work, sinceMs: nowMs };
    waitUntil(work);
    return delayMs === 0 ? work : null;
  }

  return {
    async take(teller, parts, deliver, waitUntil) {
      for (const part of parts) hold(pendingOf(part.object), teller, part);
      const names = new Set(parts.map(({ object }) => object));
      const started = [...names].flatMap((object) => ensureMerge(object, deliver, waitUntil) ?? []);
      if (started.length > 0)
        await Promise.race([Promise.all(started), clock.sleep(TAKEN_WAIT_MS)]);
      return {
        marks: parts
          .filter(({ object, sequence }) => isTaken(pendingOf(object), teller, sequence))
          .map(({ object, sequence }) => ({ object, sequence })),
        verdicts: [...names].flatMap((object) => {
          const { verdict } = pendingOf(object);
          return verdict === null ? [] : [aged(verdict.said, clock.now() - verdict.atMs)];
        }),
      };
    },
    async with<T extends { readonly verdict: Verdict }>(
      object: string,
      call: (parts: readonly Part[]) => Promise<T>,
    ): Promise<T> {
      let asked: Promise<T> | undefined;
      await handOn(pendingOf(object), clock, async (parts) => {
        asked = call(parts);
        return (await asked).verdict;
      });
      return await (asked ?? call([]));
    },
  };
}

const isTaken = (pending: Pending, teller: Teller, sequence: number): boolean =>
  (pending.taken.get(keyOf(teller)) ?? 0) >= sequence;

function hold(pending: Pending, teller: Teller, { sequence, delta }: PulsePart): void {
  const isHeld = pending.parts.some(
    (part) => part.sequence === sequence && keyOf(part) === keyOf(teller),
  );
  if (!isHeld && !isTaken(pending, teller, sequence))
    pending.parts.push({ ...teller, sequence, delta });
}

type Call = (parts: readonly Part[]) => Promise<Verdict | null>;

/** Parts that fail are dropped: who told them tells them again. */
async function handOn(pending: Pending, clock: Clock, call: Call): Promise<void> {
  const parts = pending.parts.splice(0);
  pending.mergedMs = clock.now();
  const said = await call(parts);
  for (const part of parts) {
    const key = keyOf(part);
    pending.taken.set(key, Math.max(pending.taken.get(key) ?? 0, part.sequence));
  }
  if (said !== null) pending.verdict = { said, atMs: clock.now() };
}

async function mergeLater(
  pending: Pending,
  call: Call,
  clock: Clock,
  delayMs: number,
): Promise<void> {
  if (delayMs > 0) await clock.sleep(delayMs);
  try {
    if (pending.parts.length > 0) await handOn(pending, clock, call);
  } catch {
    // The object is away.
  } finally {
    pending.merging = null;
  }
}

const keyOf = ({ workload, isolate }: Teller): string => `${workload} ${isolate}`;

const bornPending = (): Pending => ({
  parts: [],
  taken: new Map(),
  mergedMs: Number.NEGATIVE_INFINITY,
  merging: null,
  verdict: null,
});
