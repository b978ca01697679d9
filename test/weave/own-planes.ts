// Owns what stands for control and the objects' Worker beside a Worker with routes of its own.
import { compile } from "../../control/compile/compile.ts";
import { toStored, woven } from "../golden/stored.ts";

/** What the house is called outside. */
export const HOST = "house.example";
/** Who is revoked while a socket is open. */
export const LATER = "one.example/ns/shop/sa/later";
const HEDDLE = "heddle.dev/v1";

/** What control makes of a TrustDomain and of policies of the house. */
export function chunksOf(key: object): Readonly<Record<string, unknown>> {
  const policyOf = (name: string, spec: object) => ({
    apiVersion: HEDDLE,
    kind: "AuthorizationPolicy",
    metadata: { name },
    spec: { targetRefs: [{ kind: "Service", name: "house" }], ...spec },
  });
  const principals = ["one.example/ns/shop/sa/front"];
  const documents = [
    {
      apiVersion: HEDDLE,
      kind: "Mesh",
      metadata: { name: "m" },
      spec: {
        trustDomain: "cloth.example",
        defaults: { authorization: { defaultAction: "deny" } },
      },
    },
    {
      apiVersion: HEDDLE,
      kind: "TrustDomain",
      metadata: { name: "one" },
      spec: {
        trustDomain: "one.example",
        bundle: { keys: [key] },
        subjects: ["spiffe://one.example/ns/shop/*"],
        authorities: [HOST],
      },
    },
    policyOf("let", {
      rules: [
        { from: [{ principals }], to: [{ paths: ["/paid"] }] },
        { from: [{ principals: [LATER] }], to: [{ paths: ["/socket"] }] },
        { to: [{ methods: ["GET"], paths: ["/open"] }] },
      ],
    }),
    policyOf("not", { action: "DENY", rules: [{ to: [{ paths: ["/closed"] }] }] }),
    { ...woven("default/house"), edge: true },
  ];
  const resources = documents.map((document) => toStored(document));
  const { directory, chunks } = compile({ resources, version: 1, previous: 0, nowMs: 0 });
  const all = Buffer.concat(chunks.map((bytes) => Buffer.from(bytes)));
  return Object.fromEntries(
    ["trust", "policy:default/house"].map((id) => {
      const { offset, length } = directory.chunks[id] ?? { offset: 0, length: 0 };
      return [id, JSON.parse(all.subarray(offset, offset + length).toString()) as unknown];
    }),
  );
}

/** Stands for control: gives tokens to whoever asks, and has nothing else to say. */
export const control = (issuer: JsonWebKey): string => `
import { WorkerEntrypoint } from "cloudflare:workers";
const ECDSA = { name: "ECDSA", namedCurve: "P-256" };
const encode = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const json = (value) => encode(new TextEncoder().encode(JSON.stringify(value)));
export class Workload extends WorkerEntrypoint {
  async identity(jwk) {
    const key = await crypto.subtle.importKey("jwk", ${JSON.stringify(issuer)}, ECDSA, false, ["sign"]);
    const iat = Math.floor(Date.now() / 1000);
    const sub = "spiffe://cloth.example/ns/default/sa/house";
    const claims = { sub, iat, exp: iat + 600, cnf: { jwk } };
    const input = json({ alg: "ES256", kid: "c1", typ: "wit+jwt" }) + "." + json(claims);
    const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, new TextEncoder().encode(input));
    return { token: input + "." + encode(new Uint8Array(signature)), endMs: (iat + 600) * 1000 };
  }
}
export default { fetch: () => new Response() };`;

/** Who is revoked from the first. */
export const GONE = "spiffe://one.example/ns/shop/sa/gone";
/** Stands for the objects' Worker: says who is revoked, and takes more. */
export const PULSE = `
import { WorkerEntrypoint } from "cloudflare:workers";
const revocations = [{ kind: "subject", value: ${JSON.stringify(GONE)}, atMs: 1 }];
export class Pulse extends WorkerEntrypoint {
  report({ sequence, version }) {
    return { format: 1, acknowledged: sequence, newest: version, revocations, nextMs: 1000 };
  }
}
export default {
  async fetch(request) {
    revocations.push({ kind: "subject", value: await request.text(), atMs: 1 });
    return new Response();
  },
};`;
