// A permissive mesh: a weaker proof than asked for will do until the date it ends, and is told; never where `strict` is asked.
import { expect, it } from "vitest";
import type { IdentityLevel } from "../../../mesh/contract/identity.ts";
import { authenticate } from "../../../mesh/filters/authenticate/authenticate.ts";
import type { InboundCall } from "../../../mesh/pipeline/call.ts";
import { answer } from "../../../mesh/pipeline/outcome.ts";

const UNTIL = 1000;

/** What authenticate lets in of a capability proof at a moment; the levels it asked the proofs for. */
async function tried(asked: IdentityLevel, nowMs: number, untilMs?: number) {
  const levels: IdentityLevel[] = [];
  const call = {
    isolate: {
      workload: "ns/callee",
      now: () => nowMs,
      ready: () => undefined,
      isFresh: () => true,
      late: () => null,
      isRevoked: () => false,
      table: () => ({
        level: () => asked,
        defaults: { identity: { level: asked, permissiveUntilMs: untilMs } },
      }),
      proofs: {
        recall: () => null,
        isKnown: () => false,
        accept: () => undefined,
        verify(_proof: string, _bound: unknown, level: IdentityLevel) {
          levels.push(level);
          return level === "capability"
            ? { principal: "ns/caller", kind: "capability", isDegraded: false }
            : "weak_proof";
        },
      },
    },
    envelope: "",
    bound: () => "ns/caller",
    context: null,
    detail: "",
  } as unknown as InboundCall;
  const outcome = await authenticate.wrap(() => answer("in", 200))(call);
  return { kind: outcome.kind, levels, detail: call.detail };
}

it("takes a weaker proof until it ends", async () => {
  expect(await tried("request", UNTIL - 1, UNTIL)).toEqual({
    kind: "answer",
    levels: ["capability"],
    detail: "permissive",
  });
  expect(await tried("request", UNTIL, UNTIL)).toMatchObject({
    kind: "refusal",
    levels: ["request"],
  });
  expect(await tried("session", 0)).toMatchObject({ kind: "refusal", levels: ["session"] });
  expect(await tried("strict", UNTIL - 1, UNTIL)).toMatchObject({
    kind: "refusal",
    levels: ["strict"],
  });
});
