// Owns the mesh of the attacks: who is in it, what policy lets in, and an attacker with everything a Worker of it has.
import { cpSync } from "node:fs";
import path from "node:path";
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from "jose";
import type { KeySet } from "../../mesh/contract/identity.ts";
import { EMPTY_DIGEST, digestOf } from "../../mesh/identity/digest.ts";
import { createKeyring, type Keyring, type PairUse } from "../../mesh/identity/keyring.ts";
import { mintRequest, type RequestFields } from "../../mesh/identity/request.ts";
import { mintSession } from "../../mesh/identity/session.ts";
import { packContext, rootContext } from "../../mesh/pipeline/context.ts";
import { type Mesh, startProject } from "./mesh.ts";
import { type Document, hostOf, serviceOf, writeWorker } from "./project.ts";

const HEDDLE = "heddle.dev/v1";
const GATEWAY = "gateway.networking.k8s.io/v1";
const TRUST_DOMAIN = "e2e.example";
const WORKERS = ["front", "other", "vault", "flaky", "echo-v1", "echo-v2", "idle"];
export const PARTNER_HOST = "partner.test";

/** Starts it; nobody may do anything that a policy does not say. */
export const startCast = (name: string): Promise<Mesh> =>
  startProject(
    name,
    documents(),
    {
      workers: [
        ...WORKERS.map((worker) => `workers/${worker}`),
        ...["thief", "owner"].map((worker) => ({ path: `workers/${worker}`, join: "hand" })),
      ],
      defaults: { authorization: { defaultAction: "deny" } },
    },
    {},
    (folder) => {
      const dial = (service: string, entrypoint?: string) => ({
        binding: service,
        service,
        ...(entrypoint === undefined ? {} : { entrypoint }),
      });
      const both = ["vault", "flaky", "echo-v1", "echo-v2"].map((service) => dial(service));
      const methods = { ...dial("vault", "Methods"), binding: "methods" };
      writeWorker(folder, "thief", "thief.ts", { services: [...both, methods, dial("owner")] });
      writeWorker(folder, "owner", "thief.ts", { services: [...both, dial("thief", "Fence")] });
      for (const worker of ["thief", "owner"])
        cpSync(
          path.join(import.meta.dirname, "fixtures/raw.ts"),
          path.join(folder, "workers", worker, "raw.ts"),
        );
    },
  );

const policyOf = (
  name: string,
  services: readonly string[],
  spec: Readonly<Record<string, unknown>>,
): Document => ({
  apiVersion: HEDDLE,
  kind: "AuthorizationPolicy",
  metadata: { name },
  spec: { targetRefs: services.map((service) => ({ kind: "Service", name: service })), ...spec },
});

export const allow = (
  name: string,
  services: readonly string[],
  principals: readonly string[],
  ...to: readonly object[]
): Document =>
  policyOf(name, services, {
    rules: [{ from: [{ principals }], ...(to.length > 0 ? { to } : {}) }],
  });

export const deny = (name: string, services: readonly string[], rule: object): Document =>
  policyOf(name, services, { action: "DENY", rules: [rule] });

const routeTo = (name: string, host: string): Document => ({
  apiVersion: GATEWAY,
  kind: "HTTPRoute",
  metadata: { name: `to-${name}` },
  spec: {
    parentRefs: [{ name: "entry" }],
    hostnames: [host],
    rules: [{ backendRefs: [{ name, port: 80 }] }],
  },
});

function documents(): readonly Document[] {
  const ours = ["default/front", "default/thief", "default/owner"];
  return [
    serviceOf("vault", { identity: { level: "request" } }),
    serviceOf("owner", { identity: { level: "request" } }),
    serviceOf("flaky", { identity: { level: "strict" } }),
    routeTo("thief", hostOf("thief")),
    routeTo("vault", PARTNER_HOST),
    allow("gateway", ["front", "other"], ["heddle/gateway"]),
    allow("vault", ["vault"], ours, { paths: ["/seen/*"] }),
    allow("partners", ["vault"], ["partner.example/ns/pay/sa/*"], { paths: ["/seen/*"] }),
    allow("flaky", ["flaky"], ours),
    allow("echo", ["echo-v1"], ours, { paths: ["/*"] }, { rpc: ["Methods.who"] }),
    deny("admin", ["vault"], { to: [{ paths: ["/seen/admin", "/seen/admin/*"] }] }),
    deny("root", ["vault"], { when: [{ key: "request.headers[x-role]", values: ["root"] }] }),
    {
      apiVersion: HEDDLE,
      kind: "AuthorizationPolicy",
      metadata: { name: "entry" },
      spec: {
        targetRefs: [{ group: GATEWAY.split("/")[0], kind: "Gateway", name: "entry" }],
        action: "DENY",
        rules: [{ to: [{ hosts: [hostOf("front")], paths: ["/secret"] }] }],
      },
    },
  ];
}

/** What came of something that the attacker did. */
export interface Told {
  readonly status?: number;
  readonly text?: string;
  readonly value?: unknown;
  readonly error?: string;
}

/** Status and reason in one; an RPC's is its refusal, else its value. */
export function verdictOf({ status, text = "", value, error }: Told): string {
  if (error !== undefined) return error;
  if (status === undefined) return JSON.stringify(value);
  if (status < 400) return String(status);
  const reason = text.startsWith("{") ? (JSON.parse(text) as { reason?: string }).reason : text;
  return `${status} ${reason}`;
}

/** What the attacker asks, and what of it is other than was proved. */
export interface Attack extends Partial<Pick<RequestFields, "method" | "path" | "query">> {
  readonly to?: string;
  readonly body?: string;
  readonly atMs?: number;
  readonly bend?: (proof: string) => string;
  readonly sent?: { readonly method?: string; readonly url?: string; readonly body?: string };
}

/** The attacker's hands and keys. */
export class Thief {
  readonly #mesh: Mesh;
  #ring: Keyring | null = null;
  constructor(mesh: Mesh) {
    this.#mesh = mesh;
  }

  async act(ask: object): Promise<Told> {
    const { body } = await this.#mesh.ask({
      caller: "thief",
      path: "/",
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(ask),
    });
    return JSON.parse(body) as Told;
  }

  /** Its own keys, as control gives them to it. */
  async ring(): Promise<Keyring> {
    if (this.#ring !== null) return this.#ring;
    const { keys } = (await this.act({ act: "keys", to: "" })) as { keys?: KeySet };
    if (keys === undefined) throw new Error("the attacker got no keys");
    const ring = createKeyring(TRUST_DOMAIN, "default/thief");
    ring.join(keys);
    return (this.#ring = ring);
  }

  /** A call with a right request proof, bent and sent as told; answers what to repeat it with. */
  async proved(attack: Attack = {}): Promise<object> {
    const { to = VICTIM, method = "GET", path: at = "/seen/x", query = "", body } = attack;
    const context = freshContext();
    const content = contentOf(body);
    const authority = "victim.example";
    const { digest, type: contentType } = content;
    const fields = { method, authority, path: at, query, context, contentType };
    const { ring, use } = await this.#keyFor(to);
    const { atMs = Date.now(), bend = (proof) => proof } = attack;
    const { text } = mintRequest(ring, use, to, fields, digest, atMs, crypto.randomUUID());
    return {
      act: "fetch",
      to,
      url: `http://${authority}${at}${query === "" ? "" : `?${query}`}`,
      method,
      headers: { ...content.headers, heddle: `${context}|${bend(text)}` },
      ...(body === undefined ? {} : { body }),
      ...attack.sent,
    };
  }

  async #keyFor(to: string): Promise<{ ring: Keyring; use: PairUse }> {
    const ring = await this.ring();
    const use = ring.pairFor(to, Date.now());
    if (use === null) throw new Error(`no key for ${to}`);
    return { ring, use };
  }

  /** An envelope with a right session proof. */
  async session(to: string): Promise<string> {
    const { ring, use } = await this.#keyFor(to);
    return `${freshContext()}|${mintSession(ring, use, to, Date.now())}`;
  }
}

const VICTIM = "default/vault";

/** What a proof covers of a body, and the headers it is sent with. */
const contentOf = (body: string | undefined) =>
  body === undefined
    ? { digest: EMPTY_DIGEST, type: "", headers: {} }
    : {
        digest: digestOf(new TextEncoder().encode(body)),
        type: "text/plain",
        headers: { "content-type": "text/plain" },
      };

const freshContext = (): string => packContext(rootContext(Math.random), Date.now());

/** Another trust domain, whose issuer signs whatever it is asked to. */
export interface Partner {
  readonly key: object;
  readonly issuer: CryptoKey;
}

export async function createPartner(): Promise<Partner> {
  const pair = await generateKeyPair("ES256", { extractable: true });
  const key = { ...(await exportJWK(pair.publicKey)), kid: "p1", use: "wit-svid" };
  return { key, issuer: pair.privateKey };
}

export const trustDomain = (name: string, bundle: object): Document => ({
  apiVersion: HEDDLE,
  kind: "TrustDomain",
  metadata: { name },
  spec: { trustDomain: `${name}.example`, bundle, authorities: [PARTNER_HOST] },
});

/** A token of the partner's issuer for the public half of a key. */
export const tokenFor = (
  { issuer }: Partner,
  jwk: object,
  claims: Readonly<Record<string, unknown>> = {},
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> => {
  const nowS = Math.floor(Date.now() / 1000);
  const sub = "spiffe://partner.example/ns/pay/sa/till";
  return new SignJWT({ sub, iat: nowS, exp: nowS + 600, cnf: { jwk }, ...claims })
    .setProtectedHeader({ alg: "ES256", kid: "p1", typ: "wit+jwt", ...header })
    .sign(issuer);
};
