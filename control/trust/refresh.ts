// Owns keeping bundles of other trust domains: fetched when a TrustDomain is applied and when they are due, looked at
// once a minute. The last good one stays; what changes is published like any other change.
import { fetchBundle } from "../../mesh/identity/outward/bundle-source.ts";
import {
  dueMs,
  NO_BUNDLE,
  tookBundle,
  type BundleState,
} from "../../mesh/identity/outward/bundle-state.ts";
import { trustDomainSpecSchema } from "../../mesh/contract/resources/trust-domain.ts";
import type { ResourceWrite, StoredResource } from "../../mesh/contract/state.ts";
import type { Control } from "../control.ts";
import { change } from "../pipeline.ts";
import type { StatusWrite } from "../status/statuses.ts";
import { trustStatus } from "../status/trust.ts";
import { badBundleUrl } from "./bundle-url.ts";
import {
  statusOf,
  toBundle,
  toBundleSpec,
  TRUST_BUNDLE_API,
  TRUST_BUNDLE_KIND,
  trustBundleSpecSchema,
  type TrustBundleSpec,
} from "./stored-bundle.ts";

const BY = "control";

/** What came of looking at one domain. */
interface Looked {
  readonly domain: StoredResource;
  readonly before: StoredResource | undefined;
  readonly spec: TrustBundleSpec;
  readonly state: BundleState;
  readonly error: string;
}

/** What came of a look at all domains. */
export interface Refreshed {
  /** The table version that carries what changed; null where nothing did. */
  readonly version: number | null;
  readonly warnings: readonly string[];
}

const NOTHING: Refreshed = { version: null, warnings: [] };

/** Fetches the bundles that are due, and those of these names. */
export async function refreshTrust(
  control: Control,
  names: readonly string[] = [],
): Promise<Refreshed> {
  const { store } = control;
  const domains = await store.list("TrustDomain");
  const held = await store.list(TRUST_BUNDLE_KIND);
  if (domains.length === 0 && held.length === 0) return NOTHING;
  const looked = await Promise.all(
    domains.map((domain) =>
      lookAt(
        control,
        domain,
        held.find(({ metadata }) => metadata.name === domain.metadata.name),
        names.includes(domain.metadata.name),
      ),
    ),
  );
  const fresh = looked.filter((one) => one !== null);
  const gone = held.filter(({ metadata }) => !domains.some((one) => hasUrl(one, metadata.name)));
  const writes = [
    ...fresh.map(({ domain, spec }) => write("put", domain.metadata.name, spec)),
    ...gone.map(({ metadata }) => write("delete", metadata.name)),
  ];
  if (writes.length === 0) return NOTHING;
  const warnings = fresh.flatMap(({ domain, error }) =>
    error === "" ? [] : [`TrustDomain ${domain.metadata.name}: its bundle: ${error}.`],
  );
  const isChanged = gone.length > 0 || fresh.some(({ spec, before }) => isOther(spec, before));
  if (!isChanged) {
    await store.writeStatuses(fresh.flatMap((one) => statusesOf(one, control.clock.now())));
    return { version: null, warnings };
  }
  const outcome = await change({ ...control, by: BY }, writes, false);
  await store.writeStatuses(fresh.flatMap((one) => statusesOf(one, control.clock.now())));
  return { version: outcome.ok ? outcome.value.version : null, warnings };
}

const hasUrl = ({ metadata, spec }: StoredResource, name: string): boolean =>
  metadata.name === name &&
  (spec["bundle"] as { readonly url?: string } | undefined)?.url !== undefined;

async function lookAt(
  { clock, isDev, fetch: ask }: Control,
  domain: StoredResource,
  before: StoredResource | undefined,
  isAsked: boolean,
): Promise<Looked | null> {
  const parsed = trustDomainSpecSchema.safeParse(domain.spec);
  const url = parsed.data?.bundle.url;
  if (url === undefined) return null;
  const known = stateOf(before, url);
  if (!isAsked && clock.now() < dueMs(known)) return null;
  const refusal = badBundleUrl(url, isDev);
  const arrived = refusal === null ? await fetchBundle({ url, fetch: ask }) : null;
  const state = tookBundle(known, arrived, clock.now());
  const isOld = arrived !== null && state.held !== arrived;
  const error =
    refusal ?? (arrived === null ? "no bundle came" : isOld ? "an older bundle came" : "");
  return { domain, before, spec: toBundleSpec(url, state.held), state, error };
}

/** Of another URL nothing is kept: neither keys nor the sequence. */
function stateOf(before: StoredResource | undefined, url: string): BundleState {
  const spec = trustBundleSpecSchema.safeParse(before?.spec).data;
  if (before === undefined || spec?.url !== url) return NO_BUNDLE;
  const { triedMs, failures } = statusOf(before);
  const isHeld = spec.sequence !== null || spec.refreshS !== null || spec.keys.length > 0;
  return { held: isHeld ? toBundle(spec) : null, triedMs, failures };
}

/** The store gives members back in an order of its own. */
function isOther(spec: TrustBundleSpec, before: StoredResource | undefined): boolean {
  const known = trustBundleSpecSchema.safeParse(before?.spec).data;
  return (
    known === undefined ||
    JSON.stringify(toBundleSpec(known.url, toBundle(known))) !== JSON.stringify(spec)
  );
}

const write = (op: "put" | "delete", name: string, spec?: TrustBundleSpec): ResourceWrite => ({
  op,
  apiVersion: TRUST_BUNDLE_API,
  kind: TRUST_BUNDLE_KIND,
  namespace: "",
  name,
  ...(spec ? { spec } : {}),
});

function statusesOf({ domain, spec, state, before, error }: Looked, nowMs: number): StatusWrite[] {
  const { triedMs, failures } = state;
  const told = { triedMs, failures, error };
  const { name } = domain.metadata;
  const generation =
    (before?.metadata.generation ?? 1) + (before !== undefined && isOther(spec, before) ? 1 : 0);
  return [
    { kind: TRUST_BUNDLE_KIND, namespace: "", name, generation, status: { ...told } },
    trustStatus(domain, { spec, ...told }, nowMs),
  ];
}
