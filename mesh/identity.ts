// `heddle/identity`: who calls, for origins that are no Workers of the mesh.
export { bearerOf, type BearerFault } from "./identity/jose/bearer.ts";
export { newerBundle, parseBundle, type TrustBundle } from "./identity/jose/bundle.ts";
export type { Message } from "./identity/jose/components.ts";
export { contentDigest, isDigestOf } from "./identity/jose/content-digest.ts";
export {
  signMessage,
  verifySignature,
  type SignatureFault,
  type SignatureParameters,
  type SignaturePolicy,
  type SignatureVerdict,
} from "./identity/jose/http-signature.ts";
export { verifyJws, type JwsFault } from "./identity/jose/jws.ts";
export {
  importSignatureKey,
  type SignatureAlgorithm,
  type SignatureKey,
} from "./identity/jose/signature-key.ts";
export { parseSpiffeId, type SpiffeId, type SpiffeIdFault } from "./identity/jose/spiffe-id.ts";
export {
  verifyToken,
  type TokenFault,
  type TokenRules,
  type TokenVerdict,
} from "./identity/jose/token.ts";
export {
  IDENTITY_TOKEN,
  proveRequest,
  proveResponse,
  verifyRequest,
  verifyResponse,
  type ProofFault,
  type ProofRules,
  type ProofVerdict,
  type Signer,
} from "./identity/jose/wimse.ts";
