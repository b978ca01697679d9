// Owns the chunk `trust`: which other trust domains are believed, from TrustDomains and the bundles control has fetched.
import { TRUST_CHUNK, type TrustChunk, type TrustedDomain } from "../../mesh/contract/trust.ts";
import type { TrustDomainSpec } from "../../mesh/contract/resources/trust-domain.ts";
import type { StatusWrite } from "../status/statuses.ts";
import { trustStatus } from "../status/trust.ts";
import { statusOf, type TrustBundleSpec } from "../trust/stored-bundle.ts";
import type { Inventory, Known } from "./inventory.ts";

type Domain = Known<TrustDomainSpec>;

/** The chunk by its id, none without a TrustDomain; and the status of each. */
export function compileTrust(
  inventory: Inventory,
  own: string,
  nowMs: number,
): {
  readonly chunks: ReadonlyMap<string, TrustChunk>;
  readonly statuses: readonly StatusWrite[];
} {
  const { trustDomains } = inventory;
  if (trustDomains.length === 0) return { chunks: new Map(), statuses: [] };
  const hostnames = hostnamesOf(inventory);
  const domains: Record<string, TrustedDomain> = {};
  const statuses: StatusWrite[] = [];
  for (const domain of trustDomains) {
    const refusal = refusalOf(domain, own, domains);
    const held = heldOf(domain, inventory);
    const told = held && { spec: held.spec, ...statusOf(held.stored) };
    statuses.push(trustStatus(domain.stored, told, nowMs, refusal));
    if (refusal === null)
      domains[domain.spec.trustDomain] = toTrusted(domain.spec, held?.spec.keys ?? [], hostnames);
  }
  return { chunks: new Map([[TRUST_CHUNK, { domains }]]), statuses };
}

/** What was fetched from another URL than the one named now is nothing. */
function heldOf({ spec, id }: Domain, { trustBundles }: Inventory): Known<TrustBundleSpec> | null {
  const known = trustBundles.get(id);
  return known !== undefined && known.spec.url === spec.bundle.url ? known : null;
}

const toTrusted = (
  { bundle, authorities, subjects, issuers }: TrustDomainSpec,
  fetched: TrustBundleSpec["keys"],
  hostnames: readonly string[],
): TrustedDomain => ({
  keys: (bundle.keys ?? fetched) as JsonWebKey[],
  ...(subjects ? { subjects } : {}),
  ...(issuers ? { issuers } : {}),
  authorities: authorities ?? hostnames,
});

/** One resource per domain, the oldest; and nobody else speaks for our own. */
function refusalOf(
  { spec: { trustDomain } }: Domain,
  own: string,
  taken: Readonly<Record<string, TrustedDomain>>,
): string | null {
  if (trustDomain === own) return `${own} is the trust domain of this mesh.`;
  return Object.hasOwn(taken, trustDomain)
    ? `Another TrustDomain says already whom to believe of ${trustDomain}.`
    : null;
}

/** Names this mesh is known by: what its listeners and routes say. */
function hostnamesOf({ gateways, routes }: Inventory): string[] {
  const listed = [
    ...gateways.flatMap(({ spec }) => spec.listeners.map(({ hostname }) => hostname ?? "*")),
    ...routes.flatMap(({ spec }) => spec.hostnames ?? []),
  ];
  return [...new Set(listed)].filter((hostname) => hostname !== "*").toSorted();
}
