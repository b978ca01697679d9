// Owns SPIFFE trust bundles: the keys that may speak for a trust domain (SPIFFE_Trust_Domain_and_Bundle.md section 4).
import type { JWK } from "jose";
import { isObject, memberOf, parseStrictObject } from "./strict-json.ts";

/** The keys of one trust domain that verify JWT-SVIDs. */
export interface TrustBundle {
  /** By kid, keys of use `jwt-svid`. */
  readonly keys: ReadonlyMap<string, JWK>;
  /** Kids of keys for something else. */
  readonly otherUse: ReadonlySet<string>;
  /** Grows with every change; null where the bundle does not say. */
  readonly sequence: number | null;
  /** How often to look for a newer one, s; null where the bundle does not say. */
  readonly refreshS: number | null;
}

/** Most keys that are read of one bundle. */
const MAX_KEYS = 64;

/**
 * Reads a bundle from its JSON text or the parsed document; null where it is none. A key of an unknown type, another
 * use, or without a kid is passed over; no key at all is a bundle by which nothing verifies.
 */
export function parseBundle(given: unknown): TrustBundle | null {
  const document = typeof given === "string" ? parseStrictObject(given) : given;
  if (!isObject(document)) return null;
  const listed = memberOf(document, "keys");
  if (!Array.isArray(listed) || listed.length > MAX_KEYS) return null;
  return {
    ...readKeys(listed),
    sequence: countOf(memberOf(document, "spiffe_sequence")),
    refreshS: countOf(memberOf(document, "spiffe_refresh_hint")),
  };
}

function readKeys(listed: readonly unknown[]): Pick<TrustBundle, "keys" | "otherUse"> {
  const keys = new Map<string, JWK>();
  const otherUse = new Set<string>();
  const twice = new Set<string>();
  for (const key of listed) {
    if (!isObject(key)) continue;
    const kid = memberOf(key, "kid");
    if (typeof kid !== "string" || kid === "" || typeof memberOf(key, "kty") !== "string") continue;
    if (memberOf(key, "use") !== "jwt-svid") otherUse.add(kid);
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
