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
import { signText } from "../../../../mesh/identity/outward/signature-key.ts";
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

/** Blanks around a field or between its items are not part of it, nor zeros before a number (RFC 9651 section 4.1). */
const isSame = (left = "", right = ""): boolean =>
  left
    .trim()
    .replaceAll(/(?<=[(; ]) +| +(?=\))/g, "")
    .replaceAll(/(?<==)0+(?=\d)/g, "") === right;

/** A message that is signed over these components, whose lines of the base are written down by hand. */
async function signedBy(
  message: Message,
  lines: readonly (readonly [component: string, value: string])[],
  input = `(${lines.map(([component]) => component).join(" ")});created=${NOW_S};keyid="mine"`,
): Promise<Message> {
  const parameters = `(${lines.map(([component]) => component).join(" ")});created=${NOW_S};keyid="mine"`;
  const base = [
    ...lines.map(([component, value]) => `${component}: ${value}`),
    `"@signature-params": ${parameters}`,
  ].join("\n");
  const signature = Buffer.from(await signText(signing, base)).toString("base64");
  const added = [
    ["signature-input", `sig=${input}`],
    ["signature", `sig=:${signature}:`],
  ] as const;
  return { ...message, headers: [...message.headers, ...added] };
}

type Lines = readonly (readonly [component: string, value: string])[];
const asked = (target: string, ...headers: Message["headers"]): Message => ({
  method: "GET",
  target,
  headers: [["host", "shop.example"], ...headers],
});
const answer: Message = {
  status: 200,
  headers: [],
  request: asked("/a?b=1", ["content-digest", "sha-256=:AAAA:"]),
};
const DICTIONARY = ["x-dict", "a=1,    b=2;x=1;y=2,   c=(a   b   c), d"] as const;

describe("a component", () => {
  it.each<[string, Message, Lines]>([
    ["a parameter of the query", asked("/a?b=c+d"), [['"@query-param";name="b"', "c%20d"]]],
    ["one with marks", asked("/a?b=*~!%0A"), [['"@query-param";name="b"', "*%7E%21%0A"]]],
    ["one with an encoded name", asked("/a?b%20c=1"), [['"@query-param";name="b%20c"', "1"]]],
    ["one of the request", answer, [['"@query-param";req;name="b"', "1"]]],
    ["the request's digest", answer, [['"content-digest";req', "sha-256=:AAAA:"]]],
    ["a member", asked("/", DICTIONARY), [['"x-dict";key="b"', "2;x=1;y=2"]]],
    ["a list for a member", asked("/", DICTIONARY), [['"x-dict";key="c"', "(a b c)"]]],
    ["a member without a value", asked("/", DICTIONARY), [['"x-dict";key="d"', "?1"]]],
    ["bytes", asked("/", ["x-a", "1, 2"], ["x-a", "3"]), [['"x-a";bs', ":MSwgMg==:, :Mw==:"]]],
  ])("that is %s has the value of RFC 9421", async (_what, message, lines) => {
    expect(await reasonOf(await signedBy(message, lines), { required: [] })).toBe("ok");
  });

  it.each<[string, Message, Lines]>([
    ["a parameter without a name", asked("/a?=1"), [['"@query-param"', "1"]]],
    ["one whose name reads as another", asked("/a?b=1"), [['"@query-param";name="b=c"', "1"]]],
    ["one whose name is encoded too far", asked("/a?b=1"), [['"@query-param";name="%62"', "1"]]],
    [
      "named twice in two orders",
      answer,
      [
        ['"@query-param";req;name="b"', "1"],
        ['"@query-param";name="b";req', "1"],
      ],
    ],
    ["a value with a line break", asked("/", ["x-a", "1\n2"]), [['"x-a"', "1\n2"]]],
    ["a value beyond ASCII", asked("/", ["x-a", "1\u00a0"]), [['"x-a"', "1"]]],
    ["no member", asked("/", DICTIONARY), [['"x-dict";key="e"', "1"]]],
    ["bytes and a member", asked("/", DICTIONARY), [['"x-dict";bs;key="a"', "1"]]],
    ["a member of no field", asked("/a"), [['"@path";key="a"', "/a"]]],
    ["a name on another component", asked("/a"), [['"@path";name="a"', "/a"]]],
    ["of an unknown parameter", asked("/a"), [['"@path";x', "/a"]]],
  ])("that is %s signs nothing", async (_what, message, lines) => {
    expect(await reasonOf(await signedBy(message, lines), { required: [] })).toBe("malformed");
  });

  it("is signed as it is written strictly, however its field was written anew on the way", async () => {
    const input = `( "@method"   "@path" ); created=0${NOW_S};keyid="mine"`;
    const lines: Lines = [
      ['"@method"', "GET"],
      ['"@path"', "/a"],
    ];
    expect(await reasonOf(await signedBy(asked("/a"), lines, input), { required: [] })).toBe("ok");
  });
});

it("a signature in a list is none", async () => {
  const message = await signedBy(asked("/a"), [['"@path"', "/a"]]);
  const headers = message.headers.map(([name, value]): [string, string] => [
    name,
    name === "signature" ? `sig=(${value.slice(4)})` : value,
  ]);
  expect(await reasonOf({ ...message, headers }, { required: [] })).toBe("malformed");
});

describe("structured fields", () => {
  it.each(["a=(", "a=1,a=2", "a=1.5", "A=1", "a=1,", "a=:*:", 'a="', "a=()b", 'a=("x""y")'])(
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
