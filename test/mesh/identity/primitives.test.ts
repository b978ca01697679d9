// Secrets, base64url, MAC and derivation.
import { createHash, createHmac, hkdfSync } from "node:crypto";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromBase64url, toBase64url } from "../../../mesh/identity/base64url.ts";
import {
  audienceSecret,
  fromWireKey,
  pairKeys,
  pairSeed,
  toWireKey,
} from "../../../mesh/identity/derive.ts";
import { EMPTY_DIGEST, digestOf } from "../../../mesh/identity/digest.ts";
import { framed, isEqualText, macOf, toMacKey } from "../../../mesh/identity/mac.ts";
import { PADDING_BYTES, hmac, midstateOf, sha256 } from "../../../mesh/identity/sha256.ts";
import { Secret } from "../../../mesh/identity/secret.ts";
import { holds } from "../property.ts";

const bytes = (maxLength = 200): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });
const text = fc.string({ unit: "binary", maxLength: 40 });
const netstring = (field: string): string => `${Buffer.byteLength(field)}:${field}`;
const key32 = (fill: number): Secret<Uint8Array> => new Secret(new Uint8Array(32).fill(fill));

describe("Secret", () => {
  it("prints as [redacted] everywhere", () => {
    const secret = new Secret("hunter2");
    const printed = [
      String(secret),
      [secret, secret].join(),
      JSON.stringify({ secret }),
      inspect({ secret }),
      inspect([secret]),
      secret + "",
    ];
    for (const line of printed) {
      expect(line).toContain("[redacted]");
      expect(line).not.toContain("hunter2");
    }
    expect(Object.keys(secret)).toEqual([]);
    expect(JSON.stringify(structuredClone(secret))).not.toContain("hunter2");
    expect(secret.reveal()).toBe("hunter2");
  });
});

describe("base64url", () => {
  it("is Node's, both ways", () => {
    holds(
      fc.property(bytes(), (data) => {
        const encoded = toBase64url(data);
        expect(encoded).toBe(Buffer.from(data).toString("base64url"));
        expect(fromBase64url(encoded)).toEqual(new Uint8Array(data));
      }),
    );
  });

  it("reads one form only", () => {
    for (const wrong of [
      "A",
      "AA==",
      "AB",
      "AAB",
      "A A",
      "AA+A",
      "AA/A",
      "AAA\n",
      "ÿAAA",
      "AAAAA",
    ]) {
      expect(fromBase64url(wrong)).toBeNull();
    }
    holds(
      fc.property(fc.string({ maxLength: 12 }), (input) => {
        const read = fromBase64url(input);
        if (read !== null) expect(toBase64url(read)).toBe(input);
      }),
    );
  });
});

describe("sha256", () => {
  const reference = (data: Uint8Array): Uint8Array =>
    new Uint8Array(createHash("sha256").update(data).digest());

  it("is FIPS 180-4's, for every length around a block and for random bytes", () => {
    expect(Buffer.from(sha256(Buffer.from("abc"))).toString("hex")).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    for (let length = 0; length < 300; length += 1) {
      const data = new Uint8Array(length).fill(length);
      expect(sha256(data)).toEqual(reference(data));
    }
    holds(
      fc.property(bytes(1000), (data) => {
        expect(sha256(data)).toEqual(reference(data));
      }),
      0.2,
    );
    const large = new Uint8Array(3_000_000).map((_, index) => index);
    expect(sha256(large)).toEqual(reference(large));
  });

  it("goes on from midstates to an HMAC, and pads behind the message only", () => {
    const block = new Uint8Array(64).map((_, index) => index * 7);
    const other = new Uint8Array(64).map((_, index) => index * 5);
    for (const length of [0, 31, 32, 55, 56, 63, 64, 65, 119, 120, 200]) {
      const data = new Uint8Array(length + PADDING_BYTES).fill(9);
      const inner = reference(Buffer.concat([block, data.subarray(0, length)]));
      const expected = reference(Buffer.concat([other, inner]));
      const tag = new Uint8Array(32);
      hmac(midstateOf(block), midstateOf(other), data, length, tag);
      expect(tag).toEqual(expected);
      expect(data.subarray(0, length).every((byte) => byte === 9)).toBe(true);
    }
  });
});

describe("macOf", () => {
  it("is HMAC-SHA256 over netstrings", () => {
    holds(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 64 }),
        fc.array(text, { maxLength: 6 }),
        (key, fields) => {
          const message = Buffer.from(fields.map(netstring).join(""));
          expect(Buffer.from(framed(fields))).toEqual(message);
          expect(macOf(toMacKey(key), fields)).toBe(
            createHmac("sha256", key).update(message).digest("base64url"),
          );
        },
      ),
      0.3,
    );
  });

  it("covers fields of any length", () => {
    const key = new Uint8Array(32).fill(1);
    for (const length of [0, 9, 10, 55, 56, 63, 64, 65, 1000, 1023, 5000, 100_000]) {
      for (const field of ["x".repeat(length), "é".repeat(length)]) {
        const expected = createHmac("sha256", key)
          .update(netstring("a") + netstring(field))
          .digest("base64url");
        expect(macOf(toMacKey(key), ["a", field])).toBe(expected);
      }
    }
  });

  it("gives different lists different input", () => {
    const field = fc.oneof(text, fc.constantFrom("", "1:", "1:a", "0:", ":"));
    const list = fc.array(field, { maxLength: 4 });
    holds(
      fc.property(list, list, (left, right) => {
        const isSame = JSON.stringify(left) === JSON.stringify(right);
        expect(Buffer.from(framed(left)).equals(Buffer.from(framed(right)))).toBe(isSame);
      }),
    );
  });

  it("takes a lone surrogate for what it becomes on the wire", () => {
    expect(framed(["\ud800"])).toEqual(framed(["\ufffd"]));
  });

  it("refuses a key longer than a block", () => {
    expect(() => toMacKey(new Uint8Array(65))).toThrow(RangeError);
  });
});

describe("isEqualText", () => {
  it("is equality", () => {
    holds(
      fc.property(text, text, (left, right) => {
        expect(isEqualText(left, right)).toBe(left === right);
        expect(isEqualText(left, `${left}`)).toBe(true);
      }),
    );
  });
});

describe("digestOf", () => {
  it("is SHA-256", () => {
    expect(digestOf(new Uint8Array(0))).toBe(EMPTY_DIGEST);
    expect(digestOf(new Uint8Array([1, 2, 3]))).toBe(
      createHash("sha256")
        .update(new Uint8Array([1, 2, 3]))
        .digest("base64url"),
    );
  });
});

describe("derivation", () => {
  const hkdf = (key: Uint8Array, info: string): Buffer =>
    Buffer.from(hkdfSync("sha256", key, new Uint8Array(0), info, 32));

  it("is HKDF-SHA256 with the infos of docs/wire.md", () => {
    const master = key32(1);
    const audience = audienceSecret(master, "ns/b");
    expect(Buffer.from(audience.reveal())).toEqual(
      hkdf(master.reveal(), "heddle/v1/audience|4:ns/b"),
    );
    const seed = pairSeed(audience, "td.example", "ns/a", "ns/b");
    expect(Buffer.from(seed.reveal())).toEqual(
      hkdf(audience.reveal(), "heddle/v1/pair|10:td.example4:ns/a4:ns/b"),
    );
    const keys = pairKeys(seed);
    const macWith = (info: string): string =>
      createHmac("sha256", hkdf(seed.reveal(), info)).update("1:x").digest("base64url");
    expect(macOf(keys.request, ["x"])).toBe(macWith("req"));
    expect(macOf(keys.answer, ["x"])).toBe(macWith("res"));
  });

  it("gives every name its own key, however names are cut", () => {
    const audience = key32(2);
    const name = fc.string({ maxLength: 4 });
    const names = fc.tuple(name, name, name);
    holds(
      fc.property(names, names, (left, right) => {
        const isSame = JSON.stringify(left) === JSON.stringify(right);
        const [a, b] = [pairSeed(audience, ...left), pairSeed(audience, ...right)];
        expect(Buffer.from(a.reveal()).equals(Buffer.from(b.reveal()))).toBe(isSame);
      }),
      0.2,
    );
  });

  it("puts keys on the wire and takes only whole ones off it", () => {
    const key = key32(3);
    const wire = toWireKey("e1", key);
    expect(fromWireKey(wire)?.reveal()).toEqual(key.reveal());
    for (const secret of ["", "AAAA", `${wire.secret}A`, wire.secret.slice(1), `${wire.secret}=`]) {
      expect(fromWireKey({ kid: "e1", secret })).toBeNull();
    }
  });
});
