import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EPOCH_MS, SESSION_SLOT_MS } from "../../../mesh/contract/identity.ts";
import { authenticate } from "../../../mesh/identity/authenticate.ts";
import { formatSession, parseProof } from "../../../mesh/identity/envelope.ts";
import {
  createSessionMemo,
  createSessionMinter,
  verifySession,
} from "../../../mesh/identity/session.ts";
import { INPUTS, holds, randomFrom } from "../property.ts";
import {
  CALLEE,
  CALLER,
  CURRENT,
  DOMAIN,
  EPOCH,
  EPOCHS,
  NOW,
  macByHand,
  pairKey,
  ringOf,
} from "./parties.ts";
import { mutated } from "./mutate.ts";

const caller = ringOf(CALLER, EPOCHS, [CALLEE]);
const callee = ringOf(CALLEE, EPOCHS, []);
const minter = createSessionMinter(caller);
const target = { level: "session", verifyRequest: () => fail(), attested: () => fail() } as const;
const fail = (): never => {
  throw new Error("not to be asked");
};
const mint = (nowMs: number): string => minter.mint(CALLEE, nowMs)?.text ?? "";
const ask = (text: string, nowMs = NOW, ring = callee) =>
  authenticate(ring, createSessionMemo(), text, target, nowMs);
const session = (text: string) => {
  const proof = parseProof(text);
  if (proof?.kind !== "session") throw new Error("no session proof");
  return proof;
};

describe("a session proof", () => {
  it("says who calls", () => {
    expect(ask(mint(NOW))).toEqual({
      ok: true,
      kind: "session",
      principal: CALLER,
      kid: CURRENT,
      degraded: false,
    });
  });

  it("is minted once per slot and key", () => {
    const first = minter.mint(CALLEE, NOW);
    expect(minter.mint(CALLEE, NOW + SESSION_SLOT_MS - 1)).toBe(first);
    expect(minter.mint(CALLEE, NOW + SESSION_SLOT_MS)?.text).not.toBe(first?.text);
    expect(minter.mint("default/unknown", NOW)).toBeNull();
  });

  it("covers what docs/wire.md says it covers", () => {
    const proof = session(mint(NOW));
    const fields = ["heddle/session/1", DOMAIN, CURRENT, CALLER, CALLEE, String(proof.slot)];
    expect(proof.mac).toBe(macByHand(CURRENT, "req", fields));
  });

  it("is minted anew when the key changes within a slot", () => {
    const ring = ringOf(CALLER, [`e${EPOCH - 1}`], [CALLEE]);
    const own = createSessionMinter(ring);
    expect(own.mint(CALLEE, NOW)?.kid).toBe(`e${EPOCH - 1}`);
    ring.join({ audience: [], pairs: { [CALLEE]: [pairKey(CURRENT, CALLER, CALLEE)] } });
    expect(own.mint(CALLEE, NOW)).toMatchObject({ kid: CURRENT, text: mint(NOW) });
  });

  it("holds in its slot, in the next one, and 5 s early; at no other time", () => {
    holds(
      fc.property(fc.integer({ min: -40_000, max: 40_000 }), (offsetMs) => {
        const verdict = ask(mint(NOW), NOW + offsetMs);
        const isIn = offsetMs >= -5000 && offsetMs < 2 * SESSION_SLOT_MS;
        expect(verdict.ok ? "ok" : verdict.reason).toBe(isIn ? "ok" : "stale");
      }),
      0.02,
    );
  });

  it("survives the turn of an epoch on both sides", () => {
    for (let nowMs = NOW + EPOCH_MS - 20_000; nowMs < NOW + EPOCH_MS + 20_000; nowMs += 1000) {
      expect(ask(mint(nowMs), nowMs + 3000).ok).toBe(true);
      expect(ask(mint(nowMs), nowMs - 3000).ok).toBe(true);
    }
  });

  it("is refused with one field changed", () => {
    const proof = session(mint(NOW));
    const changes = [
      [{ subject: "default/front" }, "bad_mac"],
      [{ audience: "default/other" }, "wrong_audience"],
      [{ slot: proof.slot - 1 }, "bad_mac"],
      [{ slot: proof.slot - 2 }, "stale"],
      [{ kid: `e${EPOCH + 1}` }, "bad_mac"],
      [{ kid: `e${EPOCH + 2}` }, "unknown_epoch"],
      [{ mac: `${proof.mac.slice(0, -1)}${proof.mac.endsWith("A") ? "E" : "A"}` }, "bad_mac"],
    ] as const;
    for (const [change, reason] of changes) {
      expect(verifySession(callee, { ...proof, ...change }, NOW)).toEqual({ ok: false, reason });
    }
  });

  it("holds for one audience and one trust domain only", () => {
    const text = mint(NOW);
    const other = ringOf("default/other", EPOCHS, []);
    expect(ask(text, NOW, other)).toEqual({ ok: false, reason: "wrong_audience" });
    const proof = session(text);
    const retargeted = formatSession({ ...proof, audience: "default/other" });
    expect(ask(retargeted, NOW, other)).toEqual({ ok: false, reason: "bad_mac" });
    expect(ask(text, NOW, ringOf(CALLEE, EPOCHS, [], "rival.example"))).toEqual({
      ok: false,
      reason: "bad_mac",
    });
  });

  it("falls back to the seed when the callee lacks the epoch", () => {
    const cold = ringOf(CALLEE, ["s1"], []);
    const both = createSessionMinter(ringOf(CALLER, [CURRENT, "s1"], [CALLEE]));
    expect(ask(both.mint(CALLEE, NOW)?.text ?? "", NOW, cold)).toEqual({
      ok: false,
      reason: "unknown_epoch",
    });
    const seeded = both.mintFromSeed(CALLEE, NOW);
    expect(seeded?.degraded).toBe(true);
    expect(ask(seeded?.text ?? "", NOW, cold)).toMatchObject({
      ok: true,
      principal: CALLER,
      kid: "s1",
      degraded: true,
    });
  });

  it("is never accepted mutated, and never throws", () => {
    const random = randomFrom(11);
    let same = 0;
    for (let i = 0; i < INPUTS; i += 1) {
      const nowMs = NOW + Math.floor(random() * 5) * SESSION_SLOT_MS;
      const text = mint(nowMs);
      const changed = mutated(text, random);
      const verdict = ask(changed, nowMs);
      // Version and further fields are for later builds to change: the proof itself is then untouched.
      if (verdict.ok) expect(parseProof(changed)).toEqual(parseProof(text));
      if (verdict.ok) same += 1;
    }
    expect(same).toBeLessThan(1000);
  });
});

describe("the session memo", () => {
  it("recalls a proof until its slot's end and verifies afresh after", () => {
    const memo = createSessionMemo();
    const text = mint(NOW);
    const first = authenticate(callee, memo, text, target, NOW);
    expect(authenticate(callee, memo, text, target, NOW + 19_999)).toBe(first);
    expect(authenticate(callee, memo, text, target, NOW + 20_000)).toEqual({
      ok: false,
      reason: "stale",
    });
  });

  it("holds no more than its cap, the newest", () => {
    const memo = createSessionMemo(2);
    const verified = {
      ok: true,
      kind: "session",
      principal: CALLER,
      kid: CURRENT,
      degraded: false,
    } as const;
    for (const text of ["a", "b", "a", "c"]) memo.remember(text, verified, NOW);
    expect(["a", "b", "c"].map((text) => memo.recall(text, NOW - 1) !== null)).toEqual([
      true,
      false,
      true,
    ]);
    expect(memo.recall("a", NOW)).toBeNull();
  });

  it("remembers nothing that was refused", () => {
    const memo = createSessionMemo();
    const text = formatSession({ ...session(mint(NOW)), subject: "default/front" });
    for (let i = 0; i < 2; i += 1) {
      expect(authenticate(callee, memo, text, target, NOW).ok).toBe(false);
      expect(memo.recall(text, NOW)).toBeNull();
    }
  });
});
