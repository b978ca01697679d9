// HTTP message signatures, against `heddle/identity`.
import {
  importSignatureKey,
  verifySignature,
  type Message,
  type SignatureAlgorithm,
  type SignatureKey,
  type SignaturePolicy,
} from "../../../mesh/identity.ts";
import { signatureBase } from "../../../mesh/identity/outward/components.ts";
import { parseDictionary } from "../../../mesh/identity/outward/structured-fields.ts";
import type { Driver } from "../driver.ts";
import { type Answer, casesOf, compared, type Json, tableDriver } from "./table.ts";

interface Given {
  readonly message: { readonly headers: readonly (readonly [string, string])[] } & Json;
  readonly signature_input: string;
  readonly signature: string;
  readonly signature_base?: string;
  readonly policy?: {
    readonly required_components: readonly string[];
    readonly max_age_s: number;
    readonly clock_skew_s: number;
    readonly now: number;
    readonly nonce_required: boolean;
  };
  readonly repeat?: number;
}

export const signatures: Driver = tableDriver(async function* (file) {
  const keys = await importAll(file.document["keys"] as Readonly<Record<string, Json>>);
  for (const given of casesOf(file))
    yield compared(given, await judge(given as unknown as Given, keys), false);
});

async function importAll(
  given: Readonly<Record<string, Json>>,
): Promise<ReadonlyMap<string, SignatureKey>> {
  const keys = new Map<string, SignatureKey>();
  for (const [id, { alg, jwk, secret_base64 }] of Object.entries(given)) {
    const k = Buffer.from(
      typeof secret_base64 === "string" ? secret_base64 : "",
      "base64",
    ).toString("base64url");
    const material = (jwk ?? { kty: "oct", k }) as JsonWebKey;
    const key = await importSignatureKey(alg as SignatureAlgorithm, material, "verify");
    if (key !== null) keys.set(id, key);
  }
  return keys;
}

async function judge(given: Given, keys: ReadonlyMap<string, SignatureKey>): Promise<Answer> {
  const message: Message = {
    ...given.message,
    headers: [
      ...given.message.headers,
      ["Signature-Input", given.signature_input],
      ["Signature", given.signature],
    ],
  };
  if (given.signature_base !== undefined && baseOf(message, given) !== given.signature_base)
    return { verdict: "reject", reason: `base ${JSON.stringify(baseOf(message, given))}` };
  const policy = policyOf(given);
  let verdict = await verifySignature(message, (id) => keys.get(id) ?? null, policy);
  for (let turn = 1; turn < (given.repeat ?? 1) && verdict.ok; turn++)
    verdict = await verifySignature(message, (id) => keys.get(id) ?? null, policy);
  return verdict.ok
    ? { verdict: "accept", reason: "valid" }
    : { verdict: "reject", reason: verdict.reason };
}

function baseOf(message: Message, given: Given): string {
  const [member] = parseDictionary(given.signature_input)?.values() ?? [];
  try {
    return member === undefined ? "" : signatureBase(message, member.items, member.text);
  } catch (error) {
    return String(error);
  }
}

function policyOf({ policy }: Given): SignaturePolicy {
  const seen = new Set<string>();
  const admit = (nonce: string): boolean => !seen.has(nonce) && seen.add(nonce).has(nonce);
  return {
    required: policy?.required_components ?? [],
    maxAgeS: policy?.max_age_s ?? null,
    skewS: policy?.clock_skew_s ?? 0,
    nowS: policy?.now ?? Number.MAX_SAFE_INTEGER,
    admitNonce: policy?.nonce_required === true ? admit : null,
  };
}
