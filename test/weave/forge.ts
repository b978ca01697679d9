// An attacker with bindings of its own, and right proofs for it to bend: minted with the cloth's own keys.
import { packContext, rootContext } from "../../mesh/pipeline/context.ts";
import { createKeyring, type Keyring, type PairUse } from "../../mesh/identity/keyring.ts";
import { digestOf, EMPTY_DIGEST } from "../../mesh/identity/digest.ts";
import { mintRequest, type RequestFields } from "../../mesh/identity/request.ts";
import { mintSession } from "../../mesh/identity/session.ts";
import { TRUST_DOMAIN, workloadOf, type Cloth, type ClothWorker } from "./cloth.ts";

/** What the attacker does with one of its bindings: a fetch, a dispatch, or an RPC by name. */
export interface Ask {
  readonly binding: string;
  readonly url?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly dispatch?: readonly unknown[];
  readonly member?: string;
  readonly args?: readonly unknown[];
}

/** What came back: of HTTP status and text, of RPC a value or an error. */
export interface Reply {
  readonly status?: number;
  readonly text?: string;
  readonly value?: unknown;
  readonly error?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const SOURCE = `
export default {
  async fetch(request, env) {
    const { binding, url, method, headers, body, dispatch, member, args } = await request.json();
    const to = env[binding];
    try {
      if (dispatch !== undefined) return Response.json({ value: (await to.dispatch(...dispatch)) ?? null });
      if (member !== undefined) return Response.json({ value: (await to[member](...args)) ?? null });
      const response = await to.fetch(url, { method, headers, body });
      return Response.json({
        status: response.status,
        headers: Object.fromEntries(response.headers),
        text: await response.text(),
      });
    } catch (error) {
      return Response.json({ error: error.name + ": " + error.message });
    }
  },
};`;

/** The attacker: a Worker that is not woven, whose bindings somebody who may deploy has put. */
export const attacker = (bindings: ClothWorker["bindings"]): ClothWorker => ({
  name: "attacker",
  source: SOURCE,
  exports: ["default"],
  isPlain: true,
  isExposed: true,
  ...(bindings === undefined ? {} : { bindings }),
});

/** Lets the attacker do it. */
export async function attack(cloth: Cloth, ask: Ask): Promise<Reply> {
  const response = await cloth.fetch("attacker", "http://attacker.example/", {
    method: "POST",
    body: JSON.stringify(ask),
  });
  return (await response.json()) as Reply;
}

/** The reason a reply was refused for; null when it was not. */
export function reasonOf({ status, text = "", value }: Reply): string | null {
  if (status !== undefined && status < 400) return null;
  if (status !== undefined) return (JSON.parse(text) as { reason: string }).reason;
  return typeof value === "object" && value !== null && "heddleRefused" in value
    ? String(value.heddleRefused)
    : null;
}

/** The context of a new call. */
export const freshContext = (): string => packContext(rootContext(Math.random), Date.now());

/** The keys of a Worker, as its own isolate holds them. */
function ringOf(cloth: Cloth, name: string): Keyring {
  const ring = createKeyring(TRUST_DOMAIN, workloadOf(name));
  ring.seed(cloth.keysOf(name), Date.now() + 3_600_000);
  return ring;
}

function pairOf(ring: Keyring, audience: string): PairUse {
  const use = ring.seedPairFor(workloadOf(audience), Date.now());
  if (use === null) throw new Error(`no key for ${audience}`);
  return use;
}

/** A right session proof. */
export function sessionProof(
  cloth: Cloth,
  by: string,
  audience: string,
  atMs = Date.now(),
): string {
  const ring = ringOf(cloth, by);
  return mintSession(ring, pairOf(ring, audience), workloadOf(audience), atMs);
}

export interface RequestOptions {
  readonly body?: string;
  readonly atMs?: number;
  readonly nonce?: string;
}

/** A right request proof of exactly these fields. */
export function requestProof(
  cloth: Cloth,
  by: string,
  audience: string,
  fields: RequestFields,
  { body, atMs = Date.now(), nonce = crypto.randomUUID() }: RequestOptions = {},
): string {
  const ring = ringOf(cloth, by);
  const isRpc = fields.method === "rpc";
  const digest = isRpc
    ? "-"
    : body === undefined
      ? EMPTY_DIGEST
      : digestOf(new TextEncoder().encode(body));
  const to = workloadOf(audience);
  return mintRequest(ring, pairOf(ring, audience), to, fields, digest, atMs, nonce).text;
}

/** Every text that differs from a proof in one character of its MAC. */
export function macFlips(proof: string): readonly string[] {
  const start = proof.lastIndexOf("~") + 1;
  return Array.from(proof.slice(start), (letter, index) => {
    const at = start + index;
    return `${proof.slice(0, at)}${letter === "A" ? "B" : "A"}${proof.slice(at + 1)}`;
  });
}
