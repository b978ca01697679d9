import { beforeAll, describe, expect, it } from "vitest";
import {
  contentDigest,
  importSignatureKey,
  isDigestOf,
  signMessage,
  verifySignature,
  type Message,
  type SignatureKey,
  type SignaturePolicy,
} from "../../../../mesh/identity.ts";
import { parseDictionary } from "../../../../mesh/identity/outward/structured-fields.ts";
import { mutated } from "../mutate.ts";
import { INPUTS, randomFrom } from "../../property.ts";

const NOW_S = 1_700_000_000;
const COVERED = ["@method", "@authority", "@path", "@query", "content-digest"];

let signing: SignatureKey;
let verifying: SignatureKey;
let signed: Message;

const policyOf = (more: Partial<SignaturePolicy> = {}): SignaturePolicy => ({
  required: COVERED,
  maxAgeS: 60,
  skewS: 5,
  nowS: NOW_S,
  admitNonce: null,
  ...more,
});
const keyOf = (keyId: string): SignatureKey | null => (keyId === "mine" ? verifying : null);
const reasonOf = async (message: Message, more?: Partial<SignaturePolicy>): Promise<string> => {
  const verdict = await verifySignature(message, keyOf, policyOf(more));
  return verdict.ok ? "ok" : verdict.reason;
};

beforeAll(async () => {
  const pair = (await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
    "sign",
    "verify",
  ])) as CryptoKeyPair;
  const jwk = (await crypto.subtle.exportKey("jwk", pair.privateKey)) as JsonWebKey;
  const half = (usage: "sign" | "verify") => importSignatureKey("ecdsa-p256-sha256", jwk, usage);
  const [mine, theirs] = await Promise.all([half("sign"), half("verify")]);
  if (mine === null || theirs === null) throw new Error("no key");
  [signing, verifying] = [mine, theirs];
  const bare: Message = {
    method: "POST",
    target: "/pay?order=7",
    headers: [
      ["host", "shop.example"],
      ["content-digest", await contentDigest("body")],
    ],
    body: "body",
  };
  const parameters = { keyId: "mine", createdS: NOW_S - 10, nonce: "n1" };
  const { input, signature } = await signMessage(bare, COVERED, signing, parameters);
  signed = {
    ...bare,
    headers: [...bare.headers, ["signature-input", input], ["signature", signature]],
  };
});

describe("an HTTP signature", () => {
  it("that was made is accepted", async () => expect(await reasonOf(signed)).toBe("ok"));

  it.each<[string, (message: Message) => Message, string]>([
    ["method", (message) => ({ ...message, method: "PUT" }), "bad-signature"],
    ["path", (message) => ({ ...message, target: "/Pay?order=7" }), "bad-signature"],
    ["query", (message) => ({ ...message, target: "/pay?order=8" }), "bad-signature"],
    ["body", (message) => ({ ...message, body: "other" }), "digest-mismatch"],
  ])("does not hold for another %s", async (_what, change, reason) => {
    expect(await reasonOf(change(signed))).toBe(reason);
  });

  it("is bound by the policy and not by what it says", async () => {
    expect(await reasonOf(signed, { required: [...COVERED, "date"] })).toBe("not-covered");
    expect(await reasonOf(signed, { nowS: NOW_S + 60 })).toBe("too-old");
    expect(await reasonOf(signed, { nowS: NOW_S - 60 })).toBe("in-future");
    const seen = new Set<string>();
    const admitNonce = (nonce: string): boolean => !seen.has(nonce) && seen.add(nonce).has(nonce);
    expect(await reasonOf(signed, { admitNonce })).toBe("ok");
    expect(await reasonOf(signed, { admitNonce })).toBe("replayed");
  });

  it("that was changed in any place is refused, and nothing is thrown", async () => {
    const random = randomFrom(43);
    for (let turn = 0; turn < INPUTS; turn++) {
      const at = 2 + (turn % 2);
      const headers = signed.headers.map(([name, value], index): [string, string] => [
        name,
        index === at ? mutated(value, random) : value,
      ]);
      const said = JSON.stringify(headers[at]);
      if (isSame(headers[at]?.[1], signed.headers[at]?.[1])) continue;
      expect(await reasonOf({ ...signed, headers }), said).not.toBe("ok");
    }
  });
});

/** Blanks around a field are not part of it, and a label is a name for both headers. */
const isSame = (left = "", right = ""): boolean => left.trim() === right;

describe("structured fields", () => {
  it.each(["a", "a=(", "a=1,a=2", "a=1.5", "A=1", "a=1,", "a=:*:", 'a="', "a=()b", 'a=("x""y")'])(
    "%s is no dictionary",
    (text) => expect(parseDictionary(text)).toBeNull(),
  );

  it("nothing is thrown at random text", () => {
    const random = randomFrom(44);
    for (let turn = 0; turn < INPUTS; turn++)
      parseDictionary(
        mutated('sig=("@method" "date";x=?1);created=1;k="a\\"b";b=:AAAA:, c=tok', random),
      );
  });
});

it("a digest holds for its body only", async () => {
  const digest = await contentDigest("body");
  expect(await isDigestOf(digest, "body")).toBe(true);
  expect(await isDigestOf(digest, "Body")).toBe(false);
  expect(await isDigestOf("md5=:AAAA:", "body")).toBe(false);
  expect(await isDigestOf("", "body")).toBe(false);
});
