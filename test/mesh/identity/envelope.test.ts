import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Proof } from "../../../mesh/identity/envelope.ts";
import {
  CAPABILITY_PROOF,
  formatRequest,
  formatSession,
  isStrongEnough,
  parseProof,
} from "../../../mesh/identity/envelope.ts";
import { IDENTITY_LEVELS } from "../../../mesh/contract/identity.ts";
import { holds } from "../property.ts";

const HASH = "A".repeat(42) + "E";
const stringOf = (unit: string, minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...unit.split("")), minLength, maxLength });
const name = stringOf("abz09-._A", 1, 20);
const workload = fc.tuple(name, name).map((parts) => parts.join("/"));
const kid = fc
  .tuple(fc.constantFrom("e", "s"), fc.nat())
  .map(([letter, number]) => `${letter}${number}`);
const hash = stringOf("AZaz09-_", 43, 43);
const party = { kid, subject: workload, audience: workload, mac: hash };
const session = fc.record({ kind: fc.constant("session" as const), ...party, slot: fc.nat() });
const request = fc.record({
  kind: fc.constant("request" as const),
  ...party,
  tsMs: fc.nat(2 ** 45),
  nonce: stringOf("AZaz09-_", 16, 64),
  digest: fc.oneof(fc.constant("-"), hash),
});
const written = (proof: Proof): string => {
  if (proof.kind === "capability") return CAPABILITY_PROOF;
  return proof.kind === "session" ? formatSession(proof) : formatRequest(proof);
};

describe("parseProof", () => {
  it("reads what is written, of this version or a later one with more fields", () => {
    holds(
      fc.property(
        fc.oneof(session, request, fc.constant({ kind: "capability" } as const)),
        fc.integer({ min: 1, max: 9999 }),
        fc.array(stringOf("AZaz09-_.:=", 0, 10), { maxLength: 3 }),
        (proof, version, more) => {
          const text = written(proof);
          expect(parseProof(text)).toEqual(proof);
          const later = [String(version), ...text.split("~").slice(1), ...more].join("~");
          expect(parseProof(later)).toEqual(proof);
        },
      ),
    );
  });

  it("never throws, and reads nothing that it would not write", () => {
    const fragments = fc
      .array(
        fc.constantFrom(
          "1",
          "s",
          "r",
          "c",
          "~",
          "e5",
          "ns/a",
          "ns/b",
          HASH,
          "-",
          "0",
          "0123456789abcdef",
          "é",
          "|",
        ),
        { maxLength: 24 },
      )
      .map((parts) => parts.join(""));
    holds(
      fc.property(fc.oneof(fragments, fc.string({ unit: "binary" })), (text) => {
        const proof = parseProof(text);
        if (proof === null) return;
        const same = written(proof).split("~").slice(1);
        expect(text.split("~").slice(1, same.length + 1)).toEqual(same);
      }),
    );
  });

  it.each([
    "",
    "1",
    "1~",
    "0~c",
    "01~c",
    "-1~c",
    "1e3~c",
    "99999~c",
    "1~x",
    "1~constructor",
    `1~s~e5~ns/a~ns/b~7~${HASH.slice(1)}`,
    `1~s~e5~ns/a~ns/b~7~${HASH}A`,
    `1~s~e5~ns/a~ns/b~07~${HASH}`,
    `1~s~e5~ns/a~ns/b~-7~${HASH}`,
    `1~s~e5~ns/a~ns/b~7.0~${HASH}`,
    `1~s~e5~ns/a~ns/b~1e3~${HASH}`,
    `1~s~e05~ns/a~ns/b~7~${HASH}`,
    `1~s~x5~ns/a~ns/b~7~${HASH}`,
    `1~s~e5~ns~ns/b~7~${HASH}`,
    `1~s~e5~ns/a/c~ns/b~7~${HASH}`,
    `1~s~e5~/a~ns/b~7~${HASH}`,
    `1~s~e5~ns/a\n~ns/b~7~${HASH}`,
    `1~s~e5~ns/a~ns/b~7~${HASH}\n`,
    ` 1~s~e5~ns/a~ns/b~7~${HASH}`,
    `1~r~e5~ns/a~ns/b~7~short~-~${HASH}`,
    `1~r~e5~ns/a~ns/b~7~0123456789abcde~-~${HASH}`,
    `1~r~e5~ns/a~ns/b~7~0123456789abcde.~-~${HASH}`,
    `1~r~e5~ns/a~ns/b~7~${"x".repeat(65)}~-~${HASH}`,
    `1~r~e5~ns/a~ns/b~7~0123456789abcdef~1~${HASH}`,
    `1~r~e5~ns/a~ns/b~7~0123456789abcdef~${HASH.slice(1)}é~${HASH}`,
    `1~r~e5~ns/a~ns/b~7~0123456789abcdef~-~${HASH}A`,
    `1~r~e5~ns/a~ns/b~7~0123456789abcdef~-~${HASH.slice(1)}`,
    `1~r~e5~ns/a~ns/b~7~0123456789abcdef~-~${HASH.slice(1)}+`,
    `1~r~e5~ns/a~ns/b~~0123456789abcdef~-~${HASH}`,
    `1~r~e5~ns/a~ns/b~07~0123456789abcdef~-~${HASH}`,
    `1~r~e5~ns/a~ns/b~7a~0123456789abcdef~-~${HASH}`,
    `1~r~e5~ns/a~ns/b~1234567890123456~0123456789abcdef~-~${HASH}`,
    `1~r~e5~ns/a~ns/b~7~0123456789abcdef`,
    `1~r~e5~ns/a~ns/b~7`,
    `1~r~e5~ns/a~ns/b~`,
    `1~r~e5~ns/a~ns/b~7~0123456789abcdef~~${HASH}`,
    `1~r~e5~ns/a~ns/b~7~0123456789abcdef~-`,
    `1~c~${"x".repeat(1021)}`,
  ])("refuses %j", (text) => {
    expect(parseProof(text)).toBeNull();
  });

  it("takes the longest and refuses the next", () => {
    expect(parseProof(`1~c~${"x".repeat(1020)}`)).toEqual({ kind: "capability" });
  });
});

describe("isStrongEnough", () => {
  it("orders the levels, strict asking a request proof", () => {
    const enough = (kind: Proof["kind"]): string[] =>
      IDENTITY_LEVELS.filter((level) => isStrongEnough(kind, level));
    expect(enough("capability")).toEqual(["capability"]);
    expect(enough("session")).toEqual(["capability", "session"]);
    expect(enough("request")).toEqual(["capability", "session", "request", "strict"]);
  });
});
