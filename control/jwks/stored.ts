// Owns the internal kind UserKeys: the last good keys behind the URLs of a RequestAuthentication, of the same name.
import * as z from "zod";
import type { StoredResource } from "../../mesh/contract/state.ts";

export const USER_KEYS_KIND = "UserKeys";
export const USER_KEYS_API = "heddle.dev/internal";
const MOST_KEYS = 32;

export const userKeysSpecSchema = z.strictObject({
  /** By the URL they came from. */
  sets: z.record(z.string(), z.array(z.record(z.string(), z.unknown()))),
});
export type UserKeysSpec = z.infer<typeof userKeysSpecSchema>;

/** When they were asked for, kept as the resource's status. */
export interface UserKeysStatus {
  readonly triedMs: number;
  /** By URL. */
  readonly errors: Readonly<Record<string, string>>;
}

export const statusOf = ({ status }: Pick<StoredResource, "status">): UserKeysStatus => ({
  triedMs: typeof status?.["triedMs"] === "number" ? status["triedMs"] : Number.NEGATIVE_INFINITY,
  errors: (status?.["errors"] ?? {}) as UserKeysStatus["errors"],
});

/** Public keys of a JWKS that signatures are verified with, in their public parts; null where it is none. */
export function publicKeys(document: unknown): Record<string, unknown>[] | null {
  const keys = (document as { readonly keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys) || keys.length > MOST_KEYS) return null;
  return keys.flatMap((key: unknown) => {
    if (typeof key !== "object" || key === null) return [];
    const { kty, kid, alg, use, crv, x, y, n, e } = key as Readonly<Record<string, unknown>>;
    if (!["EC", "RSA", "OKP"].includes(kty as string) || (use ?? "sig") !== "sig") return [];
    const members = Object.entries({ kty, kid, alg, use, crv, x, y, n, e });
    return [Object.fromEntries(members.filter(([, value]) => typeof value === "string"))];
  });
}
