import { describe, expect, it } from "vitest";
import { EPOCH_MS, KEY_GRACE_MS } from "../../../mesh/contract/identity.ts";
import { createKeyring } from "../../../mesh/identity/keyring.ts";
import { macOf } from "../../../mesh/identity/mac.ts";
import {
  CALLEE,
  CALLER,
  CURRENT,
  DOMAIN,
  EPOCH,
  EPOCHS,
  NOW,
  ownKey,
  pairKey,
  ringOf,
} from "./parties.ts";

const NEVER = Number.MAX_SAFE_INTEGER;
const joined = (...kids: string[]) => {
  const ring = createKeyring(DOMAIN, CALLER);
  ring.join({ audience: [], pairs: { [CALLEE]: kids.map((kid) => pairKey(kid, CALLER, CALLEE)) } });
  return ring;
};

describe("a keyring", () => {
  it("proves with the running epoch, whatever the order of keys", () => {
    for (const kids of [EPOCHS, EPOCHS.toReversed()]) {
      const ring = joined(...kids);
      for (const [offset, kid] of EPOCHS.entries()) {
        expect(ring.pairFor(CALLEE, NOW + (offset - 1) * EPOCH_MS)?.kid).toBe(kid);
        expect(ring.pairFor(CALLEE, NOW + offset * EPOCH_MS - 1)?.kid).toBe(kid);
      }
      expect(ring.pairFor(CALLEE, NOW)).toBe(ring.pairFor(CALLEE, NOW));
      expect(ring.pairFor("default/other", NOW)).toBeNull();
    }
  });

  it("goes on with the newest old key until its grace ends, then with the seed", () => {
    const ring = joined(`e${EPOCH - 3}`, `e${EPOCH - 2}`);
    const graceEnds = NOW - EPOCH_MS + KEY_GRACE_MS;
    expect(ring.pairFor(CALLEE, NOW)?.kid).toBe(`e${EPOCH - 2}`);
    expect(ring.pairFor(CALLEE, graceEnds - 1)?.degraded).toBe(false);
    expect(ring.pairFor(CALLEE, graceEnds)).toBeNull();
    ring.seed(
      {
        audience: [],
        pairs: { [CALLEE]: [pairKey("s1", CALLER, CALLEE), pairKey("s2", CALLER, CALLEE)] },
      },
      NEVER,
    );
    expect(ring.pairFor(CALLEE, NOW)?.kid).toBe(`e${EPOCH - 2}`);
    const seeded = ring.pairFor(CALLEE, graceEnds);
    expect([seeded?.kid, seeded?.degraded]).toEqual(["s2", true]);
  });

  it("takes the next epoch's key rather than the seed", () => {
    const ring = joined(`e${EPOCH + 1}`, `e${EPOCH + 2}`);
    ring.seed({ audience: [], pairs: { [CALLEE]: [pairKey("s1", CALLER, CALLEE)] } }, NEVER);
    expect(ring.pairFor(CALLEE, NOW)?.kid).toBe(`e${EPOCH + 1}`);
    expect(ring.seedPairFor(CALLEE, NOW)?.kid).toBe("s1");
  });

  it("keeps the seed to its end", () => {
    const ring = createKeyring(DOMAIN, CALLER);
    ring.seed(
      { audience: [ownKey("s1", CALLER)], pairs: { [CALLEE]: [pairKey("s1", CALLER, CALLEE)] } },
      NOW + 1,
    );
    expect(ring.seedPairFor(CALLEE, NOW)?.degraded).toBe(true);
    expect(ring.audienceKey("s1", NOW)).not.toBeNull();
    expect(ring.seedPairFor(CALLEE, NOW + 1)).toBeNull();
    expect(ring.audienceKey("s1", NOW + 1)).toBeNull();
    expect(ring.callerKeys(CALLER, "s1", NOW + 1)).toBeNull();
  });

  it("derives a caller's keys to what the caller was given", () => {
    const [caller, callee] = [ringOf(CALLER, EPOCHS, [CALLEE]), ringOf(CALLEE, EPOCHS, [])];
    const use = caller.pairFor(CALLEE, NOW);
    const keys = callee.callerKeys(CALLER, CURRENT, NOW);
    expect(use && keys && macOf(use.keys.request, ["x"])).toBe(keys && macOf(keys.request, ["x"]));
    expect(use && keys && macOf(use.keys.answer, ["x"])).toBe(keys && macOf(keys.answer, ["x"]));
  });

  it("keeps a caller's keys only once told to, and no more than 1,024", () => {
    const ring = ringOf(CALLEE, [CURRENT], []);
    const first = ring.callerKeys(CALLER, CURRENT, NOW);
    expect(ring.callerKeys(CALLER, CURRENT, NOW)).not.toBe(first);
    if (first === null) throw new Error("no keys");
    ring.keepCaller(CALLER, CURRENT, first);
    expect(ring.callerKeys(CALLER, CURRENT, NOW)).toBe(first);
    for (let i = 0; i < 1023; i += 1) ring.keepCaller(`default/w${i}`, CURRENT, first);
    expect(ring.callerKeys(CALLER, CURRENT, NOW)).toBe(first);
    ring.keepCaller("default/one-more", CURRENT, first);
    expect(ring.callerKeys(CALLER, CURRENT, NOW)).not.toBe(first);
  });

  it("forgets earlier epochs, and what was derived of them, at a join", () => {
    const ring = ringOf(CALLEE, [CURRENT], [CALLER]);
    const keys = ring.callerKeys(CALLER, CURRENT, NOW);
    if (keys !== null) ring.keepCaller(CALLER, CURRENT, keys);
    expect(ring.pairFor(CALLER, NOW)?.kid).toBe(CURRENT);
    ring.join({ audience: [ownKey(`e${EPOCH + 1}`, CALLEE)], pairs: {} });
    expect(ring.audienceKey(CURRENT, NOW)).toBeNull();
    expect(ring.callerKeys(CALLER, CURRENT, NOW)).toBeNull();
    expect(ring.pairFor(CALLER, NOW)).toBeNull();
  });

  it("keeps epochs and seed apart, and drops what is no key", () => {
    const ring = createKeyring(DOMAIN, CALLEE);
    const broken = { kid: CURRENT, secret: "short" };
    ring.join({
      audience: [ownKey("s1", CALLEE), ownKey("eX", CALLEE), broken],
      pairs: { [CALLER]: [broken] },
    });
    ring.seed({ audience: [ownKey(CURRENT, CALLEE)], pairs: {} }, NEVER);
    for (const kid of ["s1", "eX", CURRENT]) expect(ring.audienceKey(kid, NOW)).toBeNull();
    expect(ring.pairFor(CALLER, NOW)).toBeNull();
  });

  it("takes no caller's epoch past its grace", () => {
    const ring = ringOf(CALLEE, [CURRENT], []);
    const graceEnds = NOW + EPOCH_MS + KEY_GRACE_MS;
    expect(ring.audienceKey(CURRENT, graceEnds - 1)).not.toBeNull();
    expect(ring.audienceKey(CURRENT, graceEnds)).toBeNull();
    expect(ring.callerKeys(CALLER, CURRENT, graceEnds)).toBeNull();
  });

  it("takes a join's keys for their word, even under a known key id", () => {
    const ring = ringOf(CALLEE, [CURRENT], [CALLER]);
    const [use, keys] = [ring.pairFor(CALLER, NOW), ring.callerKeys(CALLER, CURRENT, NOW)];
    if (use === null || keys === null) throw new Error("no keys");
    ring.keepCaller(CALLER, CURRENT, keys);
    const renamed = { ...ownKey("e1", CALLEE), kid: CURRENT };
    ring.join({ audience: [renamed], pairs: { [CALLER]: [renamed] } });
    const [nextUse, nextKeys] = [ring.pairFor(CALLER, NOW), ring.callerKeys(CALLER, CURRENT, NOW)];
    if (nextUse === null || nextKeys === null) throw new Error("no keys");
    expect(macOf(nextUse.keys.request, [])).not.toBe(macOf(use.keys.request, []));
    expect(macOf(nextKeys.request, [])).not.toBe(macOf(keys.request, []));
  });
});
