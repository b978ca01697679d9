// Owns the keys a workload is given: its own audience secrets, and a pair seed per workload it may call.
import type { KeySet, Revocation, WireKey } from "../../mesh/contract/identity.ts";
import { audienceSecret, pairSeed, toWireKey } from "../../mesh/identity/derive.ts";
import type { MasterSecret } from "../../mesh/contract/state.ts";
import { type KeyBytes, Secret } from "../../mesh/identity/secret.ts";

/** A master secret and what was derived of it so far. */
export interface Master {
  readonly kid: string;
  readonly secret: KeyBytes;
  readonly audiences: Map<string, KeyBytes>;
}

export const toMaster = ({ kid, secret }: MasterSecret): Master => ({
  kid,
  secret: new Secret<Uint8Array>(secret),
  audiences: new Map(),
});

/** Whether a workload is revoked, or the version of it that has this tag. */
export const isOut = (revocations: readonly Revocation[], workload: string, tag: string): boolean =>
  revocations.some(
    ({ kind, value }) =>
      (kind === "subject" && value === workload) ||
      (kind === "version" && value === `${workload}@${tag}`),
  );

/** No keys: what a revoked workload gets. */
export const NO_KEYS: KeySet = { audience: [], pairs: {} };

/** Keys of these masters, less those whose kid is revoked; none at all for a revoked workload or version. */
export function keySetFor(given: {
  readonly workload: string;
  /** Version tag; empty for none. */
  readonly tag: string;
  readonly upstreams: readonly string[];
  readonly trustDomain: string;
  readonly masters: readonly Master[];
  readonly revocations: readonly Revocation[];
}): KeySet {
  const { workload, tag, upstreams, trustDomain, revocations } = given;
  const isRevoked = (kind: Revocation["kind"], value: string): boolean =>
    revocations.some((revocation) => revocation.kind === kind && revocation.value === value);
  if (isOut(revocations, workload, tag)) return NO_KEYS;
  const masters = given.masters.filter(({ kid }) => !isRevoked("kid", kid));
  const pairs = upstreams.map((upstream): [string, WireKey[]] => [
    upstream,
    masters.map((master) =>
      toWireKey(master.kid, pairSeed(audience(master, upstream), trustDomain, workload, upstream)),
    ),
  ]);
  return {
    audience: masters.map((master) => toWireKey(master.kid, audience(master, workload))),
    pairs: Object.fromEntries(pairs),
  };
}

function audience(master: Master, workload: string): KeyBytes {
  const known = master.audiences.get(workload);
  if (known) return known;
  const secret = audienceSecret(master.secret, workload);
  master.audiences.set(workload, secret);
  return secret;
}
