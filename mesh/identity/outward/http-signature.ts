// Owns HTTP message signatures (RFC 9421): verified by a policy of ours, never by what the message asks for.
import { identifier, signatureBase, type Message } from "./components.ts";
import { isDigestOf } from "./content-digest.ts";
import { isSignedBy, signText, type SignatureKey } from "./signature-key.ts";
import {
  parseDictionary,
  quoted,
  toBase64,
  type Item,
  type Member,
  type Parameters,
} from "./structured-fields.ts";

/** What a signature has to cover and when it counts. */
export interface SignaturePolicy {
  /** Components by their names; `;req` behind one that is the request's. */
  readonly required: readonly string[];
  /** Longest age of `created`, s; null: it may be missing. */
  readonly maxAgeS: number | null;
  /** Clock difference that is forgiven, s. */
  readonly skewS: number;
  readonly nowS: number;
  /** Takes a nonce; false where it was there before. Null: a nonce is not asked for. */
  readonly admitNonce: ((nonce: string) => boolean) | null;
  /** Only signatures with this tag count. Default: any. */
  readonly tag?: string;
  /** The signature needs no `keyid`: which key is meant is known otherwise. */
  readonly isKeyKnown?: boolean;
  /** Looks at what else the signature says of itself. Default: at nothing. */
  readonly parameterFault?: (parameters: Parameters) => SignatureFault | null;
}

export type SignatureFault =
  | "missing"
  | "malformed"
  | "unknown-key"
  | "alg-key-mismatch"
  | "not-covered"
  | "too-old"
  | "in-future"
  | "expired"
  | "bad-signature"
  | "digest-mismatch"
  | "nonce-missing"
  | "wrong-nonce"
  | "audience-missing"
  | "wrong-audience"
  | "replayed";

export type SignatureVerdict =
  | { readonly ok: true; readonly label: string; readonly keyId: string }
  | { readonly ok: false; readonly reason: SignatureFault };

/**
 * Verifies the signatures of a message until one is good; the first one's fault otherwise. Keys and their algorithms
 * come from `keyOf` alone.
 */
export async function verifySignature(
  message: Message,
  keyOf: (keyId: string) => SignatureKey | null,
  policy: SignaturePolicy,
): Promise<SignatureVerdict> {
  const inputs = parseDictionary(headerOf(message, "signature-input"));
  const signatures = parseDictionary(headerOf(message, "signature"));
  if (inputs === null || signatures === null) return refused("malformed");
  let first: SignatureFault = "missing";
  for (const [label, input] of inputs) {
    if (policy.tag !== undefined && input.parameters.get("tag") !== policy.tag) continue;
    const keyId = input.parameters.get("keyid") ?? (policy.isKeyKnown === true ? "" : undefined);
    const fault =
      typeof keyId === "string"
        ? await faultOf(message, input, signatures.get(label), keyOf(keyId), policy)
        : "malformed";
    if (fault === null) return { ok: true, label, keyId: keyId as string };
    if (first === "missing") first = fault;
  }
  return refused(first);
}

const refused = (reason: SignatureFault): SignatureVerdict => ({ ok: false, reason });

async function faultOf(
  message: Message,
  input: Member,
  given: Member | undefined,
  key: SignatureKey | null,
  policy: SignaturePolicy,
): Promise<SignatureFault | null> {
  const signature = bytesIn(given);
  if (signature === null || !input.isList) return "malformed";
  if (key === null) return "unknown-key";
  const alg = input.parameters.get("alg");
  if (alg !== undefined && alg !== key.alg) return "alg-key-mismatch";
  const { base, fault } = baseOf(message, input, policy.required);
  const early = fault ?? saidFault(input, policy);
  if (early !== null) return early;
  if (!(await isSignedBy(key, new Uint8Array(signature), base))) return "bad-signature";
  if (!(await isBodyCovered(message, input.items))) return "digest-mismatch";
  return nonceFault(input, policy);
}

function bytesIn(member: Member | undefined): Uint8Array | null {
  const value = member?.items[0]?.value;
  return value instanceof Uint8Array && member?.isList === false ? value : null;
}

/** What it says of itself, other than what it covers. */
const saidFault = (input: Member, policy: SignaturePolicy): SignatureFault | null =>
  policy.parameterFault?.(input.parameters) ?? timeFault(input, policy);

/** What was signed, where all that is asked for is part of it. */
function baseOf(
  message: Message,
  { items, text }: Member,
  required: readonly string[],
): { readonly base: string; readonly fault: SignatureFault | null } {
  try {
    const covered = new Set(items.map(identifier));
    const isCovered = required.every((name) => covered.has(identifier(componentOf(name))));
    return isCovered
      ? { base: signatureBase(message, items, text), fault: null }
      : { base: "", fault: "not-covered" };
  } catch {
    return { base: "", fault: "malformed" };
  }
}

function timeFault({ parameters }: Member, policy: SignaturePolicy): SignatureFault | null {
  const { nowS, skewS, maxAgeS } = policy;
  const created = parameters.get("created");
  const expires = parameters.get("expires");
  if (created !== undefined && typeof created !== "number") return "malformed";
  if (expires !== undefined && typeof expires !== "number") return "malformed";
  if (maxAgeS !== null && (created === undefined || nowS - created > maxAgeS + skewS))
    return "too-old";
  if (created !== undefined && created > nowS + skewS) return "in-future";
  // Whoever set an end has thought of clocks already: it is not moved.
  return expires !== undefined && expires < nowS ? "expired" : null;
}

/** A covered digest that is not the body's covers nothing; that of the request is known to whoever made it. */
async function isBodyCovered(message: Message, items: readonly Item[]): Promise<boolean> {
  const isNamed = items.some(
    ({ value, parameters }) => value === "content-digest" && !parameters.has("req"),
  );
  return !isNamed || isDigestOf(headerOf(message, "content-digest"), message.body ?? "");
}

/** A nonce is taken last, by a message that is otherwise good: nobody else can use it up. */
function nonceFault({ parameters }: Member, policy: SignaturePolicy): SignatureFault | null {
  if (policy.admitNonce === null) return null;
  const nonce = parameters.get("nonce");
  if (typeof nonce !== "string" || nonce === "") return "nonce-missing";
  return policy.admitNonce(nonce) ? null : "replayed";
}

const headerOf = ({ headers }: Message, name: string): string =>
  headers
    .filter(([given]) => given.toLowerCase() === name)
    .map(([, value]) => value)
    .join(", ");

/** A component by its name, with `;req` behind it where it is the request's. */
function componentOf(name: string): Item {
  const isOfRequest = name.endsWith(";req");
  return {
    value: isOfRequest ? name.slice(0, -4) : name,
    parameters: new Map(isOfRequest ? [["req", true]] : []),
  };
}

/** What a signature says of itself. */
export interface SignatureParameters {
  readonly keyId?: string;
  readonly createdS: number;
  readonly expiresS?: number;
  readonly nonce?: string;
  readonly tag?: string;
  /** What else, by name: strings, or true. */
  readonly more?: Readonly<Record<string, string | true>>;
}

/** The two header values of a signature over the named components. */
export async function signMessage(
  message: Message,
  components: readonly string[],
  key: SignatureKey,
  { keyId, createdS, expiresS, nonce, tag, more = {} }: SignatureParameters,
  label = "sig",
): Promise<{ readonly input: string; readonly signature: string }> {
  const items = components.map(componentOf);
  const parameters = [
    `(${items.map(identifier).join(" ")})`,
    `created=${createdS}`,
    ...(expiresS === undefined ? [] : [`expires=${expiresS}`]),
    ...(nonce === undefined ? [] : [`nonce=${quoted(nonce)}`]),
    ...(keyId === undefined ? [] : [`keyid=${quoted(keyId)}`]),
    ...(tag === undefined ? [] : [`tag=${quoted(tag)}`]),
    ...Object.entries(more).map(([name, value]) =>
      value === true ? name : `${name}=${quoted(value)}`,
    ),
  ].join(";");
  const signature = await signText(key, signatureBase(message, items, parameters));
  return { input: `${label}=${parameters}`, signature: `${label}=:${toBase64(signature)}:` };
}
