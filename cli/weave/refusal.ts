// Owns the reasons why a Worker cannot be woven, each with a code that scripts and docs may rely on.
import type { Complaint } from "../exit.ts";

/** What weaving refuses, by code. */
export const REFUSALS = {
  "HEDDLE-W001": {
    what: "it is written in Python",
    mend: "Set `join: relay` for it in mesh.yaml.",
  },
  "HEDDLE-W002": {
    what: "it is written in service-worker syntax",
    mend: "Export a handler object instead (module syntax), or set `join: relay` in mesh.yaml.",
  },
  "HEDDLE-W003": {
    what: "it has assets and no script",
    mend: "Set `join: relay` for it in mesh.yaml.",
  },
  "HEDDLE-W004": {
    what: "its compatibility flag allow_irrevocable_stub_storage lets a stub outlive a revocation",
    mend: "Remove the flag.",
  },
  "HEDDLE-W005": {
    what: "it is a Workers Site",
    mend: "Move to static assets (`assets` in the wrangler file), or set `join: relay`.",
  },
  "HEDDLE-W006": {
    what: "a name of its own collides with one weaving adds",
    mend: "Rename it; names that begin with heddle or HEDDLE are the mesh's.",
  },
  "HEDDLE-W007": {
    what: "its exports cannot be read",
    mend: "Export names from modules of the Worker itself.",
  },
  "HEDDLE-W008": {
    what: "another Worker of the project is deployed under the same name",
    mend: "Give one of them another name in its wrangler file.",
  },
  "HEDDLE-W009": {
    what: "another Worker of the project is woven from the same folder",
    mend: "Wrangler takes one at a time: name the Worker to weave.",
  },
  "HEDDLE-W010": {
    what: "it gets messages of a queue that carries the context, and nothing in it opens them",
    mend: "Weave its consumer, or take the queue out of `spec.queues`.",
  },
  "HEDDLE-W011": {
    what: "it has routes of its own and calls passThroughOnException, which hands a request on past the mesh",
    mend: "Answer errors in the Worker, or set `join: relay`.",
  },
} as const;

export type RefusalCode = keyof typeof REFUSALS;

/** A Worker that cannot be woven as it is. */
export class WeaveError extends Error {
  readonly code: RefusalCode;
  readonly workload: string;
  readonly complaints: readonly Complaint[];

  constructor(code: RefusalCode, workload: string, file: string, detail?: string, cause?: unknown) {
    const { what, mend } = REFUSALS[code];
    const message = `${code}: ${workload} cannot be woven: ${what}${detail ? ` (${detail})` : ""}`;
    super(message, { cause });
    this.name = "WeaveError";
    this.code = code;
    this.workload = workload;
    this.complaints = [{ message, where: file, mend }];
  }
}
