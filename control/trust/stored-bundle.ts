// Owns the internal kind TrustBundle: the last good bundle of a TrustDomain that names a URL, as control fetched it.
import * as z from "zod";
import type { Jwk } from "../../mesh/identity/outward/key.ts";
import type { TrustBundle } from "../../mesh/identity/outward/bundle.ts";
import type { StoredResource } from "../../mesh/contract/state.ts";

export const TRUST_BUNDLE_KIND = "TrustBundle";
export const TRUST_BUNDLE_API = "heddle.dev/internal";

/** Its spec; the name is that of the TrustDomain. */
export const trustBundleSpecSchema = z.strictObject({
  /** Where it came from: of another URL it means nothing. */
  url: z.string(),
  keys: z.array(z.record(z.string(), z.unknown())),
  sequence: z.int().nullable(),
  refreshS: z.int().nullable(),
});
export type TrustBundleSpec = z.infer<typeof trustBundleSpecSchema>;

/** When it was asked for, kept as the resource's status: no new table for that. */
export interface TrustBundleStatus {
  readonly triedMs: number;
  readonly failures: number;
  readonly error: string;
}

export const toBundleSpec = (url: string, held: TrustBundle | null): TrustBundleSpec => ({
  url,
  keys: [...(held?.keys.values() ?? [])].map(publicPart),
  sequence: held?.sequence ?? null,
  refreshS: held?.refreshS ?? null,
});

/** What verifies, and nothing else a bundle may carry. */
function publicPart({ kty, kid, alg, use, crv, x, y, n, e }: Jwk): Record<string, unknown> {
  const members = Object.entries({ kty, kid, alg, use, crv, x, y, n, e });
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}

export const toBundle = ({ keys, sequence, refreshS }: TrustBundleSpec): TrustBundle => ({
  keys: new Map((keys as readonly Jwk[]).map((key) => [key.kid ?? "", key])),
  otherUse: new Set(),
  sequence,
  refreshS,
});

export const statusOf = ({ status }: Pick<StoredResource, "status">): TrustBundleStatus => ({
  triedMs: typeof status?.["triedMs"] === "number" ? status["triedMs"] : Number.NEGATIVE_INFINITY,
  failures: typeof status?.["failures"] === "number" ? status["failures"] : 0,
  error: typeof status?.["error"] === "string" ? status["error"] : "",
});
