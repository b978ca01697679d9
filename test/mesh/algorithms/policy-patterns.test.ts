// How policies read addresses and patterns, against the numbers and the words they stand for.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blockBits, liesIn, toBits } from "../../../mesh/algorithms/authorize/ip.ts";
import { takesPath, takesPrincipal, takesText } from "../../../mesh/algorithms/authorize/text.ts";
import { holds } from "../property.ts";

const ME = "td/ns/a/sa/x";

describe("addresses", () => {
  const v4 = fc.nat(0xffff_ffff);
  const dotted = (address: number): string =>
    [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");
  const groups = fc.array(fc.constantFrom(0, 0, 0, 1, 0xabcd, 0xffff), {
    minLength: 8,
    maxLength: 8,
  });
  const colons = (list: readonly number[]): string => list.map((n) => n.toString(16)).join(":");
  const number = (list: readonly number[]): bigint =>
    list.reduce((all, one) => (all << 16n) | BigInt(one), 0n);

  it("of version 4 lie in a block where its leading bits agree", () => {
    holds(
      fc.property(v4, v4, fc.nat(32), fc.boolean(), (a, b, bits, isNear) => {
        const block = isNear ? (a ^ (b >>> (bits % 32))) >>> 0 : b;
        const shift = BigInt(32 - bits);
        const expected = BigInt(a) >> shift === BigInt(block) >> shift;
        expect(liesIn(dotted(a), `${dotted(block)}/${bits}`)).toBe(expected);
        const mapped = `::ffff:${dotted(a)}`;
        expect(liesIn(mapped, `${dotted(block)}/${bits}`)).toBe(expected);
        expect(liesIn(dotted(a), `::FFFF:${dotted(block)}/${96 + bits}`)).toBe(expected);
      }),
      0.2,
    );
  });

  it("of version 6 likewise, however zeros are left out", () => {
    holds(
      fc.property(groups, groups, fc.nat(128), fc.nat(8), fc.nat(8), (a, b, bits, from, length) => {
        const shift = BigInt(128 - bits);
        const expected = number(a) >> shift === number(b) >> shift;
        expect(liesIn(colons(a), `${colons(b)}/${bits}`)).toBe(expected);
        const to = Math.min(8, from + length);
        if (to === from || a.slice(from, to).some((one) => one !== 0)) return;
        const short = `${colons(a.slice(0, from))}::${colons(a.slice(to))}`;
        expect(toBits(short)).toBe(toBits(colons(a)));
      }),
      0.2,
    );
    expect(BigInt(`0b${toBits("2001:db8::ff00:42:8329") ?? ""}`)).toBe(
      0x20010db8000000000000ff0000428329n,
    );
  });

  it.each([
    ["::10.1.2.3", 0x0a010203n],
    ["::ffff:10.1.2.3", 0xffff0a010203n],
    ["1:0:0:0:0:0:10.1.2.3", (1n << 112n) | 0x0a010203n],
    ["1:2::10.1.2.3", (1n << 112n) | (2n << 96n) | 0x0a010203n],
  ])("%s may end in one of version 4", (address, value) => {
    expect(BigInt(`0b${toBits(address)}`)).toBe(value);
  });

  it.each([
    "",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "1.2.3.04",
    "1.2.3.1000",
    "1.2.3.a",
    "a1.2.3.4",
    "1.2.3.-4",
    ":",
    ":::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "1::2::3",
    "1::12345",
    "1::g",
    "::x1",
    "::1.2.3",
    "1.2.3.4::",
    "::1.2.3.4:5",
    "x::1",
    "1::x",
  ])("%j is none, and lies in no block", (address) => {
    expect(toBits(address)).toBeNull();
    expect(liesIn(address, "::/0")).toBe(false);
    expect(liesIn("::1", address)).toBe(false);
  });

  it.each([
    ["10.0.0.0/33", null],
    ["10.0.0.0/08", null],
    ["10.0.0.0/", null],
    ["10.0.0.0/8/8", null],
    ["10.0.0.0/x", null],
    ["::/129", null],
    ["::/1000", null],
    ["x/8", null],
    ["::/128", 128],
    ["::/0", 0],
    ["::1", 128],
    ["0.0.0.0/0", 96],
    ["10.0.0.0/32", 128],
    ["10.0.0.0", 128],
  ])("%s is a block of %s leading bits", (block, length) => {
    expect(blockBits(block)?.length ?? null).toBe(length);
  });
});

describe("patterns", () => {
  it.each([
    ["*", "a", true],
    ["*", "", false],
    ["a*", "a", true],
    ["a*", "ba", false],
    ["*a", "ba", true],
    ["*a", "ab", false],
    ["a", "a", true],
    ["a", "aa", false],
    ["", "", true],
    ["", "a", false],
  ])("%j takes the text %j: %s", (pattern, text, isTaken) => {
    expect(takesText(pattern, text)).toBe(isTaken);
  });

  it.each([
    ["*", ME, true],
    ["*", "", false],
    ["", "", false],
    [ME, ME, true],
    ["td/ns/a/sa/y", ME, false],
    ["*/ns/a/sa/x", ME, true],
    ["td/ns/*/sa/x", ME, true],
    ["td/ns/*/sa/y", ME, false],
    ["td/*", ME, false],
    ["td/ns/*/sa/x/*", ME, false],
    ["td/ns/a/sa/*", "td/ns/a/sa", false],
  ])("%j takes the caller %j: %s", (pattern, principal, isTaken) => {
    expect(takesPrincipal(pattern, principal)).toBe(isTaken);
  });

  it.each([
    ["/a/{*}/c", "/a/b/c", true],
    ["/a/{*}/c", "/a/b/b/c", false],
    ["/a/{*}/c", "/a//c", false],
    ["/a/{**}", "/a/b/c", true],
    ["/a/{**}", "/a/", true],
    ["/a/{**}/c", "/a/b\n/c", true],
    ["/{**}/c", "/a/b/c", true],
    ["/{**}/c", "/a/b/cd", false],
    ["/x.{*}", "/xyz", false],
    ["/x.{*}", "/x.z", true],
    ["/{*}", "x/a", false],
    ["/a*", "/ab", true],
    ["/a", "/ab", false],
  ])("%j takes the path %j: %s", (pattern, given, isTaken) => {
    expect(takesPath(pattern, given)).toBe(isTaken);
    expect(takesPath(pattern, given)).toBe(isTaken);
  });
});
