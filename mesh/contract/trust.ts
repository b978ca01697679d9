// Owns the compiled form of federation: chunk `trust` says which other trust domains are believed, by which keys, and
// about whom. Written by control, read by the gateway and by Workers that want proved answers; plain types.

/** Id of the chunk; there is none where no other domain is trusted. */
export const TRUST_CHUNK = "trust";

/** Chunk `trust`. */
export interface TrustChunk {
  /** By trust domain. */
  readonly domains: Readonly<Record<string, TrustedDomain>>;
}

/** One other trust domain. */
export interface TrustedDomain {
  /** Public keys (JWK with kid) of use `wit-svid`; without any, nothing of the domain is believed. */
  readonly keys: readonly JsonWebKey[];
  /** SPIFFE ids it may speak for; one that ends with `*` is a prefix. Absent: all of its own. */
  readonly subjects?: readonly string[];
  /** What `iss` of its tokens has to say. Absent: it is not looked at. */
  readonly issuers?: readonly string[];
  /** Authorities (`host` or `host:port`; `*.` stands for one or more labels) its requests may be signed for. */
  readonly authorities: readonly string[];
}
