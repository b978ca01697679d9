// `heddle/identity`: who calls, for origins that are no Workers of the mesh.
export { bearerOf, type BearerFault } from "./identity/jose/bearer.ts";
export {
  newerBundle,
  parseBundle,
  type KeyUse,
  type TrustBundle,
} from "./identity/outward/bundle.ts";
export {
  createBundleSource,
  type BundleSource,
  type BundleSourceOptions,
} from "./identity/outward/bundle-source.ts";
export type { Message } from "./identity/outward/components.ts";
export { contentDigest, isDigestOf } from "./identity/outward/content-digest.ts";
export {
  signMessage,
  verifySignature,
  type SignatureFault,
  type SignatureParameters,
  type SignaturePolicy,
  type SignatureVerdict,
} from "./identity/outward/http-signature.ts";
export { verifyJws } from "./identity/jose/jws.ts";
export type { JwsFault } from "./identity/outward/compact.ts";
export type { Jwk } from "./identity/outward/key.ts";
export {
  importSignatureKey,
  type SignatureAlgorithm,
  type SignatureKey,
} from "./identity/outward/signature-key.ts";
export { parseSpiffeId, type SpiffeId, type SpiffeIdFault } from "./identity/outward/spiffe-id.ts";
export { verifyRequest, verifyResponse, verifyToken } from "./identity/jose/token.ts";
export type { TokenFault, TokenRules, TokenVerdict } from "./identity/outward/token.ts";
export {
  ACCEPT_SIGNATURE,
  ASK_FOR_PROOF,
  asksForProof,
  IDENTITY_TOKEN,
  proveRequest,
  proveResponse,
  type ProofFault,
  type ProofRules,
  type ProofVerdict,
  type RequestMeaning,
  type RequestRules,
  type Signer,
} from "./identity/outward/wimse.ts";
