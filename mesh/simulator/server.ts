// Owns an isolate of the Pulse entrypoint in the model: what it was told, and what it knows of the circuit.
import type { PartMark, PulsePart, Verdict } from "../contract/pulse.ts";

/** A part of an isolate, and whose it is. */
export interface Told {
  readonly teller: string;
  readonly caller: string;
  readonly part: PulsePart;
}

/** An isolate of Pulse; changed in place. */
export interface Server {
  /** Until when it calls shards. */
  treeUntilMs: number;
  pending: Told[];
  /** Taken by the object, and whose pulse has still to be told so. */
  readonly taken: Map<string, PartMark>;
  isMerging: boolean;
  mergedMs: number;
  verdict: Verdict | null;
  isAsking: boolean;
  noLeaseUntilMs: number;
  /** When it hands on to a tree; in [0, 1). */
  readonly phase: number;
}

export const bornServer = (treeUntilMs: number, mergedMs: number, phase: number): Server => ({
  treeUntilMs,
  pending: [],
  taken: new Map(),
  isMerging: false,
  mergedMs,
  verdict: null,
  isAsking: false,
  noLeaseUntilMs: 0,
  phase,
});

/** Whether it takes the circuit for a tree. */
export const isTree = ({ treeUntilMs }: Server, nowMs: number): boolean => nowMs < treeUntilMs;

/** The later of two words of a circuit. */
export const newer = (known: Verdict | null, news: Verdict | null): Verdict | null =>
  known !== null && (news === null || news.generation < known.generation) ? known : news;
