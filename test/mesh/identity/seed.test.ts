import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KeySet, WrappedKeys } from "../../../mesh/contract/identity.ts";
import { unwrapKeys, wrapKeys } from "../../../mesh/identity/seed.ts";
import { holdsLater } from "../property.ts";
import { CALLEE, CALLER, NOW, ownKey, pairKey } from "./parties.ts";

const KEK = Buffer.alloc(32, 1).toString("base64url");
const IV = new Uint8Array(12).fill(2);
const KEYS: KeySet = {
  audience: [ownKey("s1", CALLER)],
  pairs: { [CALLEE]: [pairKey("s1", CALLER, CALLEE)] },
};
const wrapped = async (): Promise<WrappedKeys> => {
  const made = await wrapKeys(KEYS, KEK, CALLER, NOW, IV);
  if (made === null) throw new Error("not wrapped");
  return made;
};

describe("a wrapped key set", () => {
  it("comes back for its workload and key", async () => {
    const made = await wrapped();
    expect(made).toMatchObject({ format: 1, workload: CALLER, notAfterMs: NOW });
    expect(await unwrapKeys(made, KEK, CALLER)).toEqual(KEYS);
    expect(JSON.stringify(made)).not.toContain(KEYS.audience[0]?.secret);
  });

  it("comes back for nobody else", async () => {
    const made = await wrapped();
    const otherKek = Buffer.alloc(32, 9).toString("base64url");
    expect(await unwrapKeys(made, otherKek, CALLER)).toBeNull();
    expect(await unwrapKeys(made, KEK, CALLEE)).toBeNull();
    expect(await unwrapKeys({ ...made, workload: CALLEE }, KEK, CALLEE)).toBeNull();
    expect(await unwrapKeys({ ...made, workload: CALLEE }, KEK, CALLER)).toBeNull();
    expect(await unwrapKeys({ ...made, notAfterMs: NOW + 1 }, KEK, CALLER)).toBeNull();
    expect(await unwrapKeys({ ...made, format: 0 }, KEK, CALLER)).toBeNull();
    expect(await unwrapKeys({ ...made, iv: "AAAA" }, KEK, CALLER)).toBeNull();
    expect(await unwrapKeys({ ...made, sealed: "" }, KEK, CALLER)).toBeNull();
  });

  it("comes back from a higher format that says more, inside and outside", async () => {
    const later = { ...KEYS, newer: 1 };
    const made = await wrapKeys(later, KEK, CALLER, NOW, IV);
    if (made === null) throw new Error("not wrapped");
    const said = { ...made, format: 2, newer: [1] };
    expect(await unwrapKeys(said, KEK, CALLER)).toEqual(KEYS);
  });

  it("needs a key and an iv of the right form", async () => {
    for (const kek of ["", "short", `${KEK}A`, Buffer.alloc(16).toString("base64url")]) {
      expect(await wrapKeys(KEYS, kek, CALLER, NOW, IV)).toBeNull();
      expect(await unwrapKeys(await wrapped(), kek, CALLER)).toBeNull();
    }
    expect(await wrapKeys(KEYS, KEK, CALLER, NOW, new Uint8Array(16))).toBeNull();
  });

  it("is refused with any bit changed", async () => {
    const made = await wrapped();
    const sealed = Buffer.from(made.sealed, "base64url");
    await holdsLater(
      fc.asyncProperty(fc.nat(sealed.length * 8 - 1), async (bit) => {
        const changed = Buffer.from(sealed);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const copy = { ...made, sealed: changed.toString("base64url") };
        expect(await unwrapKeys(copy, KEK, CALLER)).toBeNull();
      }),
      0.05,
    );
  });
});
