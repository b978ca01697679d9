// Owns what stands for control and the objects' Worker beside a Worker with routes of its own.

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
/** Stands for the objects' Worker: says who is revoked. */
export const PULSE = `
import { WorkerEntrypoint } from "cloudflare:workers";
const revocations = [{ kind: "subject", value: ${JSON.stringify(GONE)}, atMs: 1 }];
export class Pulse extends WorkerEntrypoint {
  report({ sequence, version }) {
    return { format: 1, acknowledged: sequence, newest: version, revocations, nextMs: 1000 };
  }
}
export default { fetch: () => new Response() };`;
