import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import {
  asksForProof,
  contentDigest,
  importSignatureKey,
  parseBundle,
  proveRequest,
  proveResponse,
  verifyRequest,
  verifyResponse,
  type Message,
  type ProofRules,
  type ProofVerdict,
  type RequestMeaning,
  type RequestRules,
  type Signer,
} from "../../../../mesh/identity.ts";

const NOW_S = 1_700_000_000;
const FRONT = "spiffe://one.example/ns/default/sa/front";

let signer: Signer;
let other: Signer;
let bundles: ProofRules["bundles"];

const bare = async (): Promise<Message> => ({
  method: "POST",
  target: "/pay?order=7",
  headers: [
    ["host", "two.example"],
    ["content-type", "text/plain"],
    ["content-digest", await contentDigest("body")],
  ],
  body: "body",
});
const rulesOf = (more: Partial<RequestRules> = {}): RequestRules => ({
  bundles,
  nowS: NOW_S,
  isAudience: (audience) => audience === "https://two.example/pay",
  admitNonce: () => true,
  ...more,
});
const proved = async (
  message: Message,
  by = signer,
  meaning: RequestMeaning = {},
): Promise<Message> => ({
  ...message,
  headers: [...message.headers, ...(await proveRequest(message, by, NOW_S, "nonce", meaning))],
});
/** The message with another value of a header. */
const swapped = (message: Message, name: string, change: (value: string) => string): Message => ({
  ...message,
  headers: message.headers.map(([key, held]) => [key, key === name ? change(held) : held]),
});
const inputOf = ({ headers }: Message): string =>
  headers.find(([name]) => name === "signature-input")?.[1] ?? "";
const reasonOf = (verdict: ProofVerdict): string => (verdict.ok ? verdict.subject : verdict.reason);

beforeAll(async () => {
  const issuer = await generateKeyPair("ES256", { extractable: true });
  const published = { ...(await exportJWK(issuer.publicKey)), kid: "i1", use: "jwt-svid" };
  const bundle = parseBundle({ keys: [published] });
  if (bundle === null) throw new Error("no bundle");
  bundles = new Map([["one.example", bundle]]);
  const signerOf = async (): Promise<Signer> => {
    const pair = await generateKeyPair("ES256", { extractable: true });
    const jwk = await exportJWK(pair.publicKey);
    const claims = { sub: FRONT, iat: NOW_S, exp: NOW_S + 600, cnf: { jwk } };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: "ES256", kid: "i1", typ: "wit+jwt" })
      .sign(issuer.privateKey);
    const secret = (await exportJWK(pair.privateKey)) as JsonWebKey;
    const key = await importSignatureKey("ecdsa-p256-sha256", secret, "sign");
    if (key === null) throw new Error("no key");
    return { token, key };
  };
  [signer, other] = await Promise.all([signerOf(), signerOf()]);
});

describe("a request", () => {
  it("proves who sends it", async () => {
    expect(reasonOf(await verifyRequest(await proved(await bare()), rulesOf()))).toBe(FRONT);
  });

  it.each<[string, Partial<Message>, string]>([
    ["method", { method: "PUT" }, "bad-signature"],
    ["target", { target: "/pay?order=8" }, "bad-signature"],
    ["body", { body: "more" }, "digest-mismatch"],
  ])("with another %s is refused", async (_what, change, reason) => {
    const message = { ...(await proved(await bare())), ...change };
    expect(reasonOf(await verifyRequest(message, rulesOf()))).toBe(reason);
  });

  it("for another host is refused, and so is another caller's token", async () => {
    const message = await proved(await bare());
    const swap = (name: string, value: string): Message => ({
      ...message,
      headers: message.headers.map(([key, held]) => [key, key === name ? value : held]),
    });
    const elsewhere = swap("host", "three.example");
    expect(reasonOf(await verifyRequest(elsewhere, rulesOf()))).toBe("bad-signature");
    const taken = swap("workload-identity-token", other.token);
    expect(reasonOf(await verifyRequest(taken, rulesOf()))).toBe("bad-signature");
  });

  it("whose body is not covered is refused", async () => {
    const { headers, ...rest } = await bare();
    const light: Message = { ...rest, headers: headers.slice(0, 2), body: "" };
    const message = { ...(await proved(light)), body: "smuggled" };
    expect(reasonOf(await verifyRequest(message, rulesOf()))).toBe("not-covered");
  });

  it("counts once, for a minute, while its domain's bundle holds the key", async () => {
    const message = await proved(await bare());
    const seen = new Set<string>();
    const admitNonce = (nonce: string): boolean => !seen.has(nonce) && seen.add(nonce).has(nonce);
    expect(reasonOf(await verifyRequest(message, rulesOf({ admitNonce })))).toBe(FRONT);
    expect(reasonOf(await verifyRequest(message, rulesOf({ admitNonce })))).toBe("replayed");
    expect(reasonOf(await verifyRequest(message, rulesOf({ nowS: NOW_S + 91 })))).toBe("too-old");
    const withdrawn = parseBundle({ keys: [] });
    if (withdrawn === null) throw new Error("no bundle");
    const without = rulesOf({ bundles: new Map([["one.example", withdrawn]]) });
    expect(reasonOf(await verifyRequest(message, without))).toBe("unknown-key");
    expect(reasonOf(await verifyRequest(message, rulesOf({ bundles: new Map() })))).toBe(
      "unknown-trust-domain",
    );
  });

  it("names whom it is meant for, and is refused by everybody else", async () => {
    const message = await proved(await bare());
    expect(inputOf(message)).toContain(';wimse-aud="https://two.example/pay"');
    const judge = async (it: Message) => reasonOf(await verifyRequest(it, rulesOf()));
    expect(await judge(await proved(await bare(), signer, { audience: "spiffe://x/y" }))).toBe(
      "wrong-audience",
    );
    const named = rulesOf({ isAudience: (audience) => audience === "spiffe://two.example/pay" });
    const meaning = { audience: "spiffe://two.example/pay" };
    expect(reasonOf(await verifyRequest(await proved(await bare(), signer, meaning), named))).toBe(
      FRONT,
    );
    // Behind a proxy under another name: who is meant is in the signature, not in the request.
    const moved = swapped(message, "host", () => "three.example");
    const inner = rulesOf({ isAudience: (audience) => audience.startsWith("https://three") });
    expect(reasonOf(await verifyRequest(moved, inner))).toBe("wrong-audience");
    const edit = (change: (input: string) => string) => swapped(message, "signature-input", change);
    expect(await judge(edit((input) => input.replace(/;wimse-aud="[^"]*"/, "")))).toBe(
      "audience-missing",
    );
    expect(await judge(edit((input) => input.replace(/;wimse-aud="[^"]*"/, ";wimse-aud=7")))).toBe(
      "audience-missing",
    );
    const other = rulesOf({ isAudience: () => true });
    const changed = edit((input) => input.replace("/pay", "/pry"));
    expect(reasonOf(await verifyRequest(changed, other))).toBe("bad-signature");
  });

  it.each<[string, (input: string) => string]>([
    ["a key", (input) => `${input};keyid="k"`],
    ["an algorithm", (input) => `${input};alg="ecdsa-p256-sha256"`],
    ["no end", (input) => input.replace(/;expires=\d+/, "")],
    ["another proof", (input) => `${input}, more=("@method");tag="wimse-workload-to-workload"`],
  ])("whose signature names %s is none of the profile", async (_what, change) => {
    const message = swapped(await proved(await bare()), "signature-input", change);
    expect(reasonOf(await verifyRequest(message, rulesOf()))).toBe("malformed");
  });

  it.each(["authorization", "txn-token"])("covers its %s", async (name) => {
    const plain = await bare();
    const message = await proved({ ...plain, headers: [...plain.headers, [name, "of a user"]] });
    expect(reasonOf(await verifyRequest(message, rulesOf()))).toBe(FRONT);
    const taken = swapped(message, name, () => "of another");
    expect(reasonOf(await verifyRequest(taken, rulesOf()))).toBe("bad-signature");
    const added = await proved(plain);
    const smuggled = { ...added, headers: [...added.headers, [name, "of a user"] as const] };
    expect(reasonOf(await verifyRequest(smuggled, rulesOf()))).toBe("not-covered");
  });

  it("says by itself that its answer has to be proved", async () => {
    const wants = async (wantsProof: boolean) =>
      asksForProof(null, inputOf(await proved(await bare(), signer, { wantsProof })));
    expect(await wants(true)).toBe(true);
    expect(await wants(false)).toBe(false);
  });

  it("without a token proves nothing", async () => {
    expect(reasonOf(await verifyRequest(await bare(), rulesOf()))).toBe("missing");
  });
});

it("a response is bound to the request it answers", async () => {
  const request = await proved(await bare());
  const answer: Message = {
    status: 200,
    headers: [["content-digest", await contentDigest("done")]],
    body: "done",
    request,
  };
  const proof = await proveResponse(answer, signer, NOW_S, "n2");
  const signed: Message = { ...answer, headers: [...answer.headers, ...proof] };
  expect(reasonOf(await verifyResponse(signed, rulesOf()))).toBe(FRONT);
  expect(inputOf(signed)).toContain(';wimse-req-nonce="nonce"');
  const other = {
    ...signed,
    request: swapped(request, "signature-input", (it) => it.replace('"nonce"', '"other"')),
  };
  expect(reasonOf(await verifyResponse(other, rulesOf()))).toBe("wrong-nonce");
  const moved: Message = { ...signed, request: { ...request, target: "/pay?order=8" } };
  expect(reasonOf(await verifyResponse(moved, rulesOf()))).toBe("bad-signature");
  const failed: Message = { ...signed, status: 500 };
  expect(reasonOf(await verifyResponse(failed, rulesOf()))).toBe("bad-signature");
});
