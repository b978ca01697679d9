// Owns the answer to `join` and to weaving: keys, revocations and the slice of the table, all from memory.
import type { KeySet } from "../../mesh/contract/identity.ts";
import { JOIN_FORMAT, type JoinReply, type JoinRequest } from "../../mesh/contract/join.ts";
import { NAMELESS_MESH } from "../compile/compile.ts";
import type { Control } from "../control.ts";
import { type Master, keySetFor } from "./keys.ts";
import type { Known, Memory } from "./memory.ts";
import { sliceFor, upstreamsOf } from "./reach.ts";
import { tellIssued } from "./told.ts";

/** What a cold or outdated isolate of a workload is told. */
export async function join(
  memory: Memory,
  control: Control,
  workload: string,
  request: JoinRequest,
  tag = "",
): Promise<JoinReply> {
  const known = await memory.recall(control, request.have);
  const { table, workloads, revocations } = known;
  const version = table?.version ?? 0;
  const nowMs = control.clock.now();
  tellIssued(memory, control, workload);
  memory.saw({ workload, isolate: request.isolate, version, seenMs: nowMs, nack: null });
  return {
    format: JOIN_FORMAT,
    nowMs,
    workload,
    keys: keysOf(known, workload, known.epochs, tag),
    verdicts: known.circuits,
    revocations,
    table: table && version !== request.have ? sliceFor([workload], table, workloads) : null,
    version,
    admitRatio: 1,
  };
}

/** Keys of a workload from these masters, for that version of it which has the tag. */
export function keysOf(
  known: Known,
  workload: string,
  masters: readonly Master[],
  tag = "",
): KeySet {
  const { table, workloads, revocations } = known;
  return keySetFor({
    workload,
    tag,
    upstreams: table ? upstreamsOf(workload, table, workloads) : [],
    trustDomain: table?.directory.trustDomain ?? NAMELESS_MESH.trustDomain,
    masters,
    revocations,
  });
}
