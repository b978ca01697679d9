// Owns SPIFFE trust bundles: the keys that may speak for a trust domain (SPIFFE_Trust_Domain_and_Bundle.md section 4).
import type { Jwk } from "./key.ts";
import { isObject, memberOf, parseStrictObject } from "./strict-json.ts";

/** The keys of one trust domain that verify tokens of one kind. */
export interface TrustBundle {
  /** By kid, keys of the use that was asked for. */
  readonly keys: ReadonlyMap<string, Jwk>;
  /** Kids of keys for something else. */
  readonly otherUse: ReadonlySet<string>;
  /** Grows with every change; null where the bundle does not say. */
  readonly sequence: number | null;
  /** How often to look for a newer one, s; null where the bundle does not say. */
  readonly refreshS: number | null;
}

/** What a key of a bundle is for: tokens that name an audience, or tokens bound to a key of their own. */
export type KeyUse = "jwt-svid" | "wit-svid";

/** Most keys of one use that are taken: each issuer of a large domain has its own, and they rotate. */
const MAX_KEYS = 256;
/** Most keys that are looked at, those for other uses too. */
const MAX_LISTED = 1024;

/**
 * Reads a bundle from its JSON text or the parsed document; null where it is none. A key of an unknown type, another
 * use, or without a kid is passed over; no key at all is a bundle by which nothing verifies. `use` defaults to `jwt-svid`;
 * requests and responses are proved by keys of `wit-svid`.
 */
export function parseBundle(given: unknown, use: KeyUse = "jwt-svid"): TrustBundle | null {
  const document = typeof given === "string" ? parseStrictObject(given) : given;
  if (!isObject(document)) return null;
  const listed = memberOf(document, "keys");
  if (!Array.isArray(listed) || listed.length > MAX_LISTED) return null;
  const read = readKeys(listed, use);
  if (read.keys.size > MAX_KEYS) return null;
  return {
    ...read,
    sequence: countOf(memberOf(document, "spiffe_sequence")),
    refreshS: countOf(memberOf(document, "spiffe_refresh_hint")),
  };
}

function readKeys(listed: readonly unknown[], use: KeyUse): Pick<TrustBundle, "keys" | "otherUse"> {
  const keys = new Map<string, Jwk>();
  const otherUse = new Set<string>();
  const twice = new Set<string>();
  for (const key of listed) {
    if (!isObject(key)) continue;
    const kid = memberOf(key, "kid");
    if (typeof kid !== "string" || kid === "" || typeof memberOf(key, "kty") !== "string") continue;
    if (memberOf(key, "use") !== use) otherUse.add(kid);
    else if (keys.has(kid)) twice.add(kid);
    else keys.set(kid, key);
  }
  // Two keys by one name: which one is meant cannot be known.
  for (const kid of twice) keys.delete(kid);
  return { keys, otherUse };
}

/** The one of two bundles that holds: an older sequence number never takes the place of a newer one. */
export function newerBundle(held: TrustBundle | null, arrived: TrustBundle): TrustBundle {
  if (held === null || held.sequence === null || arrived.sequence === null) return arrived;
  return arrived.sequence < held.sequence ? held : arrived;
}

const countOf = (value: unknown): number | null =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
