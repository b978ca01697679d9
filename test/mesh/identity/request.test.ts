import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { REQUEST_AHEAD_MS, REQUEST_WINDOW_MS } from "../../../mesh/contract/identity.ts";
import { authenticate, type ProofTarget } from "../../../mesh/identity/authenticate.ts";
import { EMPTY_DIGEST, NO_DIGEST, digestOf } from "../../../mesh/identity/digest.ts";
import { formatRequest, parseProof } from "../../../mesh/identity/envelope.ts";
import type { MintedRequest, RequestFields } from "../../../mesh/identity/request.ts";
import {
  canonicalAuthority,
  isBodyProved,
  mintAnswer,
  mintRequest,
  verifyAnswer,
  verifyRequest,
} from "../../../mesh/identity/request.ts";
import { createSessionMemo, createSessionMinter } from "../../../mesh/identity/session.ts";
import { INPUTS, holds, randomFrom } from "../property.ts";
import { mutated } from "./mutate.ts";
import { CALLEE, CALLER, CURRENT, EPOCH, EPOCHS, NOW, macByHand, ringOf } from "./parties.ts";

const caller = ringOf(CALLER, [...EPOCHS, "s1"], [CALLEE]);
const callee = ringOf(CALLEE, [...EPOCHS, "s1"], []);
const NONCE = "0123456789abcdefghij-_";
const FIELDS: RequestFields = {
  method: "POST",
  authority: "payments",
  path: "/v1/charge",
  query: "a=1",
  context: "1~ctx",
  contentType: "application/json",
};
const DIGEST = digestOf(new Uint8Array([1, 2, 3]));
const mint = (fields = FIELDS, nowMs = NOW, isSeed = false, digest = DIGEST): MintedRequest => {
  const use = isSeed ? caller.seedPairFor(CALLEE, nowMs) : caller.pairFor(CALLEE, nowMs);
  if (use === null) throw new Error("no pair");
  return mintRequest(caller, use, CALLEE, fields, digest, nowMs, NONCE);
};
const parsed = (text: string) => {
  const proof = parseProof(text);
  if (proof?.kind !== "request") throw new Error("no request proof");
  return proof;
};
const verify = (text: string, fields = FIELDS, nowMs = NOW) =>
  verifyRequest(callee, parsed(text), fields, nowMs);

describe("a request proof", () => {
  it("says who asks, and what the body must be", () => {
    const minted = mint();
    expect(verify(minted.text)).toMatchObject({
      ok: true,
      kind: "request",
      principal: CALLER,
      kid: CURRENT,
      degraded: false,
      nonce: NONCE,
      digest: DIGEST,
      isSafe: false,
      mac: minted.mac,
    });
    for (const method of ["GET", "HEAD"])
      expect(verify(mint({ ...FIELDS, method }).text, { ...FIELDS, method })).toMatchObject({
        isSafe: true,
      });
  });

  it("covers what docs/wire.md says it covers", () => {
    const { method, authority, path, query, context, contentType } = FIELDS;
    const asked = [method, authority, path, query, context, contentType];
    const fields = ["r", ...asked, DIGEST, String(NOW), NONCE];
    expect(mint().mac).toBe(macByHand(CURRENT, "req", fields));
  });

  it("covers the digest of an empty body as one that no other body has", () => {
    const { method, authority, path, query, context, contentType } = FIELDS;
    const fields = ["r", method, authority, path, query, context, contentType, "0"];
    const minted = mint(FIELDS, NOW, false, EMPTY_DIGEST);
    expect(minted.mac).toBe(macByHand(CURRENT, "req", [...fields, String(NOW), NONCE]));
    // Nobody can write it so: a proof whose digest is none of the two forms is malformed.
    expect(parseProof(minted.text.replace(EMPTY_DIGEST, "0"))).toBeNull();
  });

  it("verifies whatever was asked, and nothing else", () => {
    const field = fc.string({ unit: "binary", maxLength: 20 });
    const fields = fc.record({
      method: field,
      authority: field,
      path: field,
      query: field,
      context: field,
      contentType: field,
    });
    holds(
      fc.property(
        fields,
        fields,
        fc.subarray(["method", "authority", "path", "query", "context", "contentType"] as const),
        (asked, other, changed) => {
          const { text } = mint(asked);
          expect(verify(text, asked).ok).toBe(true);
          const seen = {
            ...asked,
            ...Object.fromEntries(changed.map((name) => [name, other[name]])),
          };
          const isSame = changed.every((name) => asked[name] === other[name]);
          expect(verify(text, seen).ok).toBe(isSame);
        },
      ),
      0.2,
    );
  });

  it.each(Object.keys(FIELDS) as (keyof RequestFields)[])("is refused when %s changes", (name) => {
    const { text } = mint();
    for (const value of [
      `${FIELDS[name]}x`,
      FIELDS[name].slice(1),
      FIELDS[name].toUpperCase() + " ",
      "",
    ]) {
      expect(verify(text, { ...FIELDS, [name]: value })).toEqual({ ok: false, reason: "bad_mac" });
    }
  });

  it("is refused when a part of itself changes", () => {
    const proof = parsed(mint().text);
    const changes = [
      [{ subject: "default/front" }, "bad_mac"],
      [{ audience: "default/other" }, "wrong_audience"],
      [{ tsMs: proof.tsMs + 1 }, "bad_mac"],
      [{ nonce: `${NONCE}A` }, "bad_mac"],
      [{ digest: NO_DIGEST }, "bad_mac"],
      [{ digest: EMPTY_DIGEST }, "bad_mac"],
      [{ kid: `e${EPOCH - 1}` }, "bad_mac"],
      [{ kid: "s1" }, "bad_mac"],
      [{ kid: "s2" }, "unknown_epoch"],
    ] as const;
    for (const [change, reason] of changes) {
      expect(verifyRequest(callee, { ...proof, ...change }, FIELDS, NOW)).toEqual({
        ok: false,
        reason,
      });
    }
  });

  it("holds from 5 s early to 30 s late", () => {
    const { text } = mint();
    const reasonAt = (nowMs: number): string => {
      const verdict = verify(text, FIELDS, nowMs);
      return verdict.ok ? "ok" : verdict.reason;
    };
    expect(reasonAt(NOW + REQUEST_WINDOW_MS)).toBe("ok");
    expect(reasonAt(NOW + REQUEST_WINDOW_MS + 1)).toBe("stale");
    expect(reasonAt(NOW - REQUEST_AHEAD_MS)).toBe("ok");
    expect(reasonAt(NOW - REQUEST_AHEAD_MS - 1)).toBe("stale");
  });

  it("is never accepted mutated, and never throws", () => {
    const random = randomFrom(12);
    const { text } = mint();
    const memo = createSessionMemo();
    const target: ProofTarget = {
      level: "request",
      verifyRequest: (proof) => verifyRequest(callee, proof, FIELDS, NOW),
      attested: () => "",
    };
    for (let i = 0; i < INPUTS; i += 1) {
      const changed = mutated(text, random);
      const verdict = authenticate(callee, memo, changed, target, NOW);
      if (verdict.ok) expect(parseProof(changed)).toEqual(parseProof(text));
    }
  });

  it("is not a session proof's MAC, nor an answer's", () => {
    const proof = parsed(mint().text);
    const session = createSessionMinter(caller).mint(CALLEE, NOW)?.text.split("~").at(-1) ?? "";
    expect(verify(formatRequest({ ...proof, mac: session }))).toEqual({
      ok: false,
      reason: "bad_mac",
    });
  });

  it("proves the body by its digest", () => {
    expect(isBodyProved(DIGEST, new Uint8Array([1, 2, 3]))).toBe(true);
    expect(isBodyProved(DIGEST, new Uint8Array([1, 2, 4]))).toBe(false);
    expect(isBodyProved(EMPTY_DIGEST, new Uint8Array(0))).toBe(true);
    expect(isBodyProved(EMPTY_DIGEST, new Uint8Array(1))).toBe(false);
    expect(isBodyProved(NO_DIGEST, new Uint8Array(9))).toBe(true);
  });
});

describe("an answer's proof", () => {
  const request = mint();
  const verified = verify(request.text);
  if (!verified.ok) throw new Error("refused");
  const use = caller.pairFor(CALLEE, NOW);
  if (use === null) throw new Error("no pair");
  const answer = { status: 200, contentType: "text/plain" };
  const text = mintAnswer(verified.keys, verified, answer, DIGEST);

  it("covers what docs/wire.md says it covers", () => {
    const fields = ["a", request.mac.slice(0, 22), "200", "text/plain", DIGEST];
    expect(text).toBe(`1~${DIGEST}~${macByHand(CURRENT, "res", fields)}`);
  });

  it("holds for its request, and gives the body's digest", () => {
    expect(verifyAnswer(use.keys, request, answer, text)).toEqual({ ok: true, digest: DIGEST });
    expect(verifyAnswer(use.keys, request, answer, `${text.replace("1~", "2~")}~more`)).toEqual({
      ok: true,
      digest: DIGEST,
    });
  });

  it("is refused for anything else", () => {
    const refused = { ok: false, reason: "bad_answer" };
    const check = (
      asked: { nonce: string; mac: string },
      fields: typeof answer,
      header: string | null,
    ) => verifyAnswer(use.keys, asked, fields, header);
    expect(check(request, { ...answer, status: 201 }, text)).toEqual(refused);
    expect(check(request, { ...answer, contentType: "" }, text)).toEqual(refused);
    expect(check({ ...request, mac: DIGEST }, answer, text)).toEqual(refused);
    expect(check(request, answer, text.replace(DIGEST, NO_DIGEST))).toEqual(refused);
    for (const header of [
      null,
      "",
      "1",
      "1~-",
      `1~-~${request.mac}`,
      `${text} `,
      "x".repeat(513),
    ]) {
      expect(check(request, answer, header)).toEqual(refused);
    }
    const forged = mintAnswer(
      { request: use.keys.request, answer: use.keys.request },
      request,
      answer,
      DIGEST,
    );
    expect(check(request, answer, forged)).toEqual(refused);
    const random = randomFrom(13);
    for (let i = 0; i < INPUTS; i += 1) {
      const changed = mutated(text, random);
      const isLater =
        /^[1-9]\d{0,3}$/.test(changed.split("~")[0] ?? "") &&
        changed.split("~").slice(1, 3).join() === text.split("~").slice(1).join();
      expect(check(request, answer, changed).ok).toBe(isLater);
    }
  });
});

describe("canonicalAuthority", () => {
  it.each([
    ["Shop.Example:443", true, "shop.example"],
    ["Shop.Example:80", true, "shop.example:80"],
    ["shop.example:80", false, "shop.example"],
    ["shop.example:443", false, "shop.example:443"],
    ["[::1]:8443", true, "[::1]:8443"],
  ])("%s https=%s", (authority, isHttps, expected) => {
    expect(canonicalAuthority(authority, isHttps)).toBe(expected);
  });
});
