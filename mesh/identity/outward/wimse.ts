// Owns proofs over HTTP between workloads of different meshes or outside of any: a workload identity token that names a
// key, and a signature by that key over the message (the HTTP signature profile of WIMSE, RFC 9421).
import { IDENTITY_TOKEN } from "../../contract/headers.ts";
import type { CheckJws } from "./compact.ts";
import type { Message } from "./components.ts";
import {
  signMessage,
  verifySignature,
  type SignatureFault,
  type SignaturePolicy,
} from "./http-signature.ts";
import { importSignatureKey, type SignatureKey } from "./signature-key.ts";
import { isObject, memberOf } from "./strict-json.ts";
import { parseDictionary, type Parameters } from "./structured-fields.ts";
import { verifyTokenBy, type TokenFault, type TokenRules } from "./token.ts";

/** What tells these signatures from others of the same message. */
export const SIGNATURE_TAG = "wimse-workload-to-workload";
/** How long a signature counts, s. */
const SIGNATURE_S = 60;
const LABEL = "wimse";
const KEY_ALGORITHM = "ecdsa-p256-sha256";

/** Who signs: the token, its key, and how the key is called in the signature. */
export interface Signer {
  readonly token: string;
  readonly key: SignatureKey;
}

export type ProofFault = TokenFault | SignatureFault | "key-missing" | "duplicate-header";

export type ProofVerdict =
  | {
      readonly ok: true;
      readonly subject: string;
      readonly trustDomain: string;
      /** What else the token says. */
      readonly claims: Readonly<Record<string, unknown>>;
    }
  | { readonly ok: false; readonly reason: ProofFault };

/** What a proof is checked against. */
export interface ProofRules {
  readonly bundles: TokenRules["bundles"];
  readonly nowS: number;
  /** Takes a nonce; false where it was there before. */
  readonly admitNonce: (nonce: string) => boolean;
  /** Clock difference that is forgiven, s. Default: 30. */
  readonly skewS?: number;
  /** Longest age of a signature, s. Default: 60. Nonces have to be remembered for this and twice the skew. */
  readonly maxAgeS?: number;
  /** Of tokens. Default: what JWT-SVIDs may be signed by. */
  readonly algorithms?: readonly string[];
}

/** What the proof of a request is checked against. */
export interface RequestRules extends ProofRules {
  /**
   * Whether the audience that the signature names, by default the target's URI without its query, is who verifies: by its
   * own knowledge of its names, never by what the request says of them.
   */
  readonly isAudience: (audience: string) => boolean;
}

/** What else the proof of a request says. */
export interface RequestMeaning {
  /** Whom it is meant for. Default: the target's URI without its query. */
  readonly audience?: string;
  /** The answer has to be proved. Default: it need not be. */
  readonly wantsProof?: boolean;
}

export { IDENTITY_TOKEN };
export type { Message };

const AUDIENCE = "wimse-aud";
const SIGN_RESPONSE = "wimse-sign-response";
const REQUEST_NONCE = "wimse-req-nonce";
/** What the profile has no use for: which key signs is in the token. */
const FORBIDDEN = ["keyid", "alg"] as const;

const SIGNED_OF_REQUEST = ["@method", "@authority", "@request-target", IDENTITY_TOKEN] as const;
/** The authority is not asked of others, whose way here may change it: the audience says for whom a request is. */
const OF_REQUEST = SIGNED_OF_REQUEST.filter((name) => name !== "@authority");
/** Covered too where a request carries them. */
const TOKENS = ["authorization", "txn-token"] as const;
/** With the request's own signature, an answer is good for that one request (RFC 9421 section 2.4). */
const OF_RESPONSE = [
  "@status",
  IDENTITY_TOKEN,
  "@method;req",
  "@request-target;req",
  "signature;req",
] as const;

const named = (component: string): string => {
  const [name, ...parameters] = component.split(";");
  return [`"${name}"`, ...parameters].join(";");
};

/** The header by which a request asks for a proved answer (RFC 9421 section 5.1). */
export const ACCEPT_SIGNATURE = "accept-signature";
/** What it says. */
export const ASK_FOR_PROOF: string = `${LABEL}=(${OF_RESPONSE.map(named).join(" ")});tag="${SIGNATURE_TAG}"`;

/** Whether a request asks for the proof of this profile, by its `accept-signature` or its own `signature-input`. */
export const asksForProof = (accepted: string | null, input: string | null = null): boolean =>
  tagged(accepted).length > 0 ||
  tagged(input).some((parameters) => parameters.get(SIGN_RESPONSE) === true);

/** What the signatures of this profile say of themselves in a field. */
const tagged = (field: string | null): readonly Parameters[] =>
  [...(parseDictionary(field ?? "")?.values() ?? [])]
    .map(({ parameters }) => parameters)
    .filter((parameters) => parameters.get("tag") === SIGNATURE_TAG);

/** Those of a message's signatures. */
const taggedIn = ({ headers }: Message): readonly Parameters[] =>
  tagged(
    headers
      .filter(([name]) => name.toLowerCase() === "signature-input")
      .map(([, value]) => value)
      .join(", "),
  );

type Headers = readonly (readonly [name: string, value: string])[];

/** The headers that prove a request; one with a body has to carry its `content-digest` already. */
export const proveRequest = (
  message: Message,
  signer: Signer,
  nowS: number,
  nonce: string,
  { audience = targetOf(message), wantsProof = false }: RequestMeaning = {},
): Promise<Headers> =>
  prove(message, SIGNED_OF_REQUEST, signer, nowS, nonce, {
    [AUDIENCE]: audience,
    ...(wantsProof ? { [SIGN_RESPONSE]: true } : {}),
  });

/** The target's URI without its query. */
function targetOf({ scheme = "https", target = "/", headers }: Message): string {
  const host = headers.find(([name]) => name.toLowerCase() === "host")?.[1] ?? "";
  return `${scheme}://${host}${target.split("?")[0]}`;
}

/** The headers that prove a response; `message.request` is what it answers. */
export const proveResponse = (
  message: Message,
  signer: Signer,
  nowS: number,
  nonce: string,
): Promise<Headers> => {
  const asked = nonceOf(message);
  return prove(
    message,
    OF_RESPONSE,
    signer,
    nowS,
    nonce,
    asked === undefined ? {} : { [REQUEST_NONCE]: asked },
  );
};

/** Of the proof of the request that a message answers. */
function nonceOf({ request }: Message): string | undefined {
  const nonce = request && taggedIn(request)[0]?.get("nonce");
  return typeof nonce === "string" ? nonce : undefined;
}

async function prove(
  message: Message,
  required: readonly string[],
  { token, key }: Signer,
  nowS: number,
  nonce: string,
  more: Readonly<Record<string, string | true>>,
): Promise<Headers> {
  const headers: Headers = [...message.headers, [IDENTITY_TOKEN, token]];
  const { input, signature } = await signMessage(
    { ...message, headers },
    covering(message, required),
    key,
    { createdS: nowS, expiresS: nowS + SIGNATURE_S, nonce, tag: SIGNATURE_TAG, more },
    LABEL,
  );
  return [
    [IDENTITY_TOKEN, token],
    ["signature-input", input],
    ["signature", signature],
  ];
}

/** Verifies a request; everything of it that carries meaning has to be covered. */
export const verifyRequestBy = (
  check: CheckJws,
  message: Message,
  rules: RequestRules,
): Promise<ProofVerdict> =>
  verify(check, message, OF_REQUEST, rules, (parameters) => {
    const audience = parameters.get(AUDIENCE);
    if (typeof audience !== "string") return "audience-missing";
    return rules.isAudience(audience) ? null : "wrong-audience";
  });

/** Verifies the response to `message.request`. */
export const verifyResponseBy = (
  check: CheckJws,
  message: Message,
  rules: ProofRules,
): Promise<ProofVerdict> =>
  verify(check, message, OF_RESPONSE, rules, (parameters) =>
    parameters.get(REQUEST_NONCE) === nonceOf(message) ? null : "wrong-nonce",
  );

async function verify(
  check: CheckJws,
  message: Message,
  required: readonly string[],
  { bundles, nowS, admitNonce, skewS = 30, maxAgeS = SIGNATURE_S, algorithms }: ProofRules,
  faultOf: (parameters: Parameters) => SignatureFault | null,
): Promise<ProofVerdict> {
  const tokens = message.headers.filter(([name]) => name.toLowerCase() === IDENTITY_TOKEN);
  const [given] = tokens;
  if (given === undefined) return refused("missing");
  if (tokens.length > 1) return refused("duplicate-header");
  if (taggedIn(message).length > 1) return refused("malformed");
  const token = await verifyTokenBy(check, given[1].trim(), {
    bundles,
    nowS,
    audience: "",
    kind: "wit",
    leewayS: skewS,
    maxLifetimeS: MAX_LIFETIME_S,
    ...(algorithms ? { algorithms } : {}),
  });
  if (!token.ok) return refused(token.reason);
  const key = await keyOf(token.claims);
  if (key === null) return refused("key-missing");
  const policy: SignaturePolicy = {
    required: covering(message, required),
    maxAgeS,
    skewS,
    nowS,
    // The same nonce of two callers is two nonces.
    admitNonce: (nonce) => admitNonce(`${token.subject} ${nonce}`),
    tag: SIGNATURE_TAG,
    isKeyKnown: true,
    parameterFault: (parameters) =>
      FORBIDDEN.some((name) => parameters.has(name)) || !parameters.has("expires")
        ? "malformed"
        : faultOf(parameters),
  };
  const signed = await verifySignature(message, () => key, policy);
  if (!signed.ok) return refused(signed.reason);
  const { subject, claims } = token;
  return { ok: true, subject, trustDomain: token.id.trustDomain, claims };
}

/** Longest life of a token that is taken, s: issued for ten minutes, and for clocks that differ. */
const MAX_LIFETIME_S = 3600;

const refused = (reason: ProofFault): ProofVerdict => ({ ok: false, reason });

/** A body is covered by its digest, and what it is by its type; a request's tokens are those of its own. */
function covering(message: Message, required: readonly string[]): readonly string[] {
  const { headers, body, request } = message;
  const names = new Set(headers.map(([name]) => name.toLowerCase()));
  const present = ["content-type", ...(request === undefined ? TOKENS : [])];
  return [
    ...required,
    ...(body !== undefined && body.length > 0 ? ["content-digest"] : []),
    ...present.filter((name) => names.has(name)),
  ];
}

/** The key that the token is bound to (RFC 7800 section 3.2). */
async function keyOf(claims: Readonly<Record<string, unknown>>): Promise<SignatureKey | null> {
  const confirmation = memberOf(claims, "cnf");
  const jwk = isObject(confirmation) ? memberOf(confirmation, "jwk") : null;
  return isObject(jwk)
    ? importSignatureKey(KEY_ALGORITHM, jwk as unknown as JsonWebKey, "verify")
    : null;
}
