// Owns the digest of bodies and chunks: SHA-256 in base64url.
import { toBase64url } from "./base64url.ts";
import { sha256 } from "./sha256.ts";

/** Written where a body was not digested: unknown length, above 64 KiB, or an RPC call. */
export const NO_DIGEST = "-";
/** The digest of a body known to be empty; prove it rather than `-`, so that nobody can attach a body. */
export const EMPTY_DIGEST = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";

/** SHA-256 of the bytes in base64url, 43 characters. */
export const digestOf = (bytes: Uint8Array): string => toBase64url(sha256(bytes));
