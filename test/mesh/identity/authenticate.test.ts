import { describe, expect, it } from "vitest";
import { authenticate } from "../../../mesh/identity/authenticate.ts";
import { NO_DIGEST } from "../../../mesh/identity/digest.ts";
import { CAPABILITY_PROOF, type RequestProof } from "../../../mesh/identity/envelope.ts";
import type { RequestFields } from "../../../mesh/identity/request.ts";
import { mintRequest, verifyRequest } from "../../../mesh/identity/request.ts";
import { createSessionMemo, createSessionMinter } from "../../../mesh/identity/session.ts";
import { CALLEE, CALLER, EPOCHS, NOW, ringOf } from "./parties.ts";

const caller = ringOf(CALLER, [...EPOCHS, "s1"], [CALLEE]);
const callee = ringOf(CALLEE, [...EPOCHS, "s1"], []);
const FIELDS: RequestFields = {
  method: "rpc",
  authority: CALLEE,
  path: "Payments.charge",
  query: "",
  context: "1~ctx",
  contentType: "",
};
const mint = (isSeed: boolean): string => {
  const use = isSeed ? caller.seedPairFor(CALLEE, NOW) : caller.pairFor(CALLEE, NOW);
  if (use === null) throw new Error("no pair");
  return mintRequest(caller, use, CALLEE, FIELDS, NO_DIGEST, NOW, "0123456789abcdef").text;
};

describe("authenticate", () => {
  const target = (level: "capability" | "session" | "request" | "strict", attested = "") => ({
    level,
    verifyRequest: (proof: RequestProof) => verifyRequest(callee, proof, FIELDS, NOW),
    attested: () => attested,
  });
  const ask = (text: string, at: ReturnType<typeof target>) => {
    const verdict = authenticate(callee, createSessionMemo(), text, at, NOW);
    return verdict.ok ? `${verdict.kind} ${verdict.principal}` : verdict.reason;
  };
  const session = createSessionMinter(caller).mint(CALLEE, NOW)?.text ?? "";
  const request = mint(false);

  it.each([
    ["", "session", "unauthenticated"],
    ["", "capability", "unauthenticated"],
    ["nonsense", "session", "malformed"],
    ["1~q", "capability", "malformed"],
    [CAPABILITY_PROOF, "capability", `capability ${CALLER}`],
    [CAPABILITY_PROOF, "session", "weak_proof"],
    [session, "capability", `session ${CALLER}`],
    [session, "session", `session ${CALLER}`],
    [session, "request", "weak_proof"],
    [session, "strict", "weak_proof"],
    [request, "capability", `request ${CALLER}`],
    [request, "session", `request ${CALLER}`],
    [request, "request", `request ${CALLER}`],
    [request, "strict", `request ${CALLER}`],
    [mint(true), "request", `request ${CALLER}`],
    [mint(true), "strict", "weak_proof"],
  ] as const)("%s at %s", (text, level, expected) => {
    expect(ask(text, target(level, CALLER))).toBe(expected);
  });

  it("takes no capability without props", () => {
    expect(ask(CAPABILITY_PROOF, target("capability"))).toBe("unauthenticated");
  });

  it("holds a remembered session to the level too", () => {
    const memo = createSessionMemo();
    expect(authenticate(callee, memo, session, target("session"), NOW).ok).toBe(true);
    expect(authenticate(callee, memo, session, target("request"), NOW)).toEqual({
      ok: false,
      reason: "weak_proof",
    });
  });
});
