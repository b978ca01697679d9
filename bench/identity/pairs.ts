// Pairs of Workers for one case: a call loop over a binding, with the proofs of a kind and nothing else of the mesh.
import { randomBytes, webcrypto } from "node:crypto";
import { EPOCH_MS, type KeySet } from "../../mesh/contract/identity.ts";
import { audienceSecret, pairSeed, toWireKey } from "../../mesh/identity/derive.ts";
import { Secret } from "../../mesh/identity/secret.ts";
import { bundleFile } from "../bundle.ts";
import type { BenchWorker } from "../hop/workerd.ts";
import type { Kind, Setup } from "./sides.ts";

/** Calls of one loop. */
export const CALLS = 200;

export interface Case {
  readonly name: string;
  readonly kind: Kind;
  readonly isHollow: boolean;
}

const CALLER = `
import { createCaller } from "sides.js";
let call;
export default { async fetch(request, env) {
  if (request.url.endsWith("/up")) return new Response("up");
  call ??= await createCaller(JSON.parse(env.SETUP));
  let sum = 0;
  for (let i = 0; i < ${CALLS}; i++) {
    const response = await call(env.B);
    if (response.status !== 200) throw new Error(await response.text());
    sum += (await response.text()).length;
  }
  return new Response(String(sum));
} };`;

const CALLEE = `
import { createCallee } from "sides.js";
const BODY = JSON.stringify({ id: 42, name: "a thing", price: 1999, tags: ["a", "b"], text: "some words that fill it up a little" });
let take;
export default { async fetch(request, env) {
  take ??= createCallee(JSON.parse(env.SETUP));
  return take(request, new Response(BODY, { headers: { "content-type": "application/json" } }));
} };`;

const TRUST_DOMAIN = "bench.example";
const ECDSA = { name: "ECDSA", namedCurve: "P-256" } as const;

/** The Workers of all cases. */
export async function pairsOf(cases: readonly Case[]): Promise<readonly BenchWorker[]> {
  const sides = await bundleFile("bench/identity/sides.ts");
  const identity = await tokenOf("spiffe://bench.example/ns/default/sa/caller");
  const master = new Secret<Uint8Array>(randomBytes(32));
  return cases.flatMap(({ name, kind, isHollow }) => {
    const [caller, callee] = ["default/caller", "default/callee"];
    const setup = (workload: string): Setup => ({
      kind,
      isHollow,
      trustDomain: TRUST_DOMAIN,
      caller,
      callee,
      keys: keysOf(workload, callee, master),
      ...identity,
    });
    const worker = (
      at: string,
      source: string,
      services: BenchWorker["services"],
    ): BenchWorker => ({
      name: `${at}-${name}`,
      modules: { "index.js": source, "sides.js": sides },
      services,
      texts: { SETUP: JSON.stringify(setup(`default/${at}`)) },
    });
    return [
      worker("caller", CALLER, { B: { to: `callee-${name}` } }),
      worker("callee", CALLEE, {}),
    ];
  });
}

/** Keys of two epochs: a long run may pass into the next. */
function keysOf(workload: string, audience: string, master: Secret<Uint8Array>): KeySet {
  const now = Math.floor(Date.now() / EPOCH_MS);
  const kids = [now - 1, now, now + 1].map((epoch) => `e${epoch}`);
  const own = audienceSecret(master, workload);
  const secret = audienceSecret(master, audience);
  const seed = pairSeed(secret, TRUST_DOMAIN, workload, audience);
  return {
    audience: kids.map((kid) => toWireKey(kid, own)),
    pairs: { [audience]: kids.map((kid) => toWireKey(kid, seed)) },
  };
}

/** A workload identity token that outlives the run, its key, and the bundle that verifies it. */
async function tokenOf(sub: string): Promise<Pick<Setup, "token" | "tokenKey" | "bundle">> {
  const issuer = await webcrypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]);
  const own = await webcrypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]);
  const jwkOf = async (key: webcrypto.CryptoKey): Promise<JsonWebKey> =>
    (await webcrypto.subtle.exportKey("jwk", key)) as JsonWebKey;
  const { kty, crv, x, y } = await jwkOf(own.publicKey);
  const iat = Math.floor(Date.now() / 1000);
  const claims = { sub, iat, exp: iat + 3600, cnf: { jwk: { kty, crv, x, y, alg: "ES256" } } };
  const header = { alg: "ES256", kid: "w1", typ: "wit+jwt" };
  const input = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  const signature = await webcrypto.subtle.sign(
    { name: "ECDSA", hash: "SHA-256" },
    issuer.privateKey,
    Buffer.from(input),
  );
  const published = await jwkOf(issuer.publicKey);
  return {
    token: `${input}.${Buffer.from(signature).toString("base64url")}`,
    tokenKey: await jwkOf(own.privateKey),
    bundle: {
      keys: [
        {
          kty: published.kty,
          crv: published.crv,
          x: published.x,
          y: published.y,
          kid: "w1",
          use: "wit-svid",
        },
      ],
    },
  };
}
