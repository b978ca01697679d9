// Owns the status of TrustDomains: whether they are believed, and what came of asking for their bundle.
import type { StoredResource } from "../../mesh/contract/state.ts";
import type { TrustBundleSpec, TrustBundleStatus } from "../trust/stored-bundle.ts";
import { type Finding, fails, holds, toConditions } from "./conditions.ts";
import type { StatusWrite } from "./statuses.ts";

/** The bundle a TrustDomain names by URL, as it was had. */
export interface HeldBundle extends TrustBundleStatus {
  readonly spec: TrustBundleSpec;
}

/** The status of one TrustDomain; `held` null: its keys stand in it, or nobody has asked yet. */
export function trustStatus(
  { kind, metadata, spec, status }: StoredResource,
  held: HeldBundle | null,
  nowMs: number,
  refusal: string | null = null,
): StatusWrite {
  const { namespace, name, generation } = metadata;
  const { keys, url } = (spec["bundle"] ?? {}) as { keys?: readonly unknown[]; url?: string };
  const findings: Finding[] = [
    refusal === null
      ? holds("Accepted", "The trust domain is accepted.")
      : fails("Accepted", "Conflicted", refusal),
    ...(url === undefined ? [programmed(keys?.length ?? 0)] : ofUrl(held)),
  ];
  const moment = { generation, nowMs };
  const conditions = toConditions(findings, status?.["conditions"], moment);
  return {
    kind,
    namespace,
    name,
    generation,
    status: { ...(held === null ? {} : { bundle: reportOf(held) }), conditions },
  };
}

const reportOf = ({ spec, triedMs, failures }: HeldBundle): object => ({
  keys: spec.keys.map((key) => key["kid"]),
  sequence: spec.sequence,
  triedAt: Number.isFinite(triedMs) ? new Date(triedMs).toISOString() : null,
  failures,
});

/** Control asks right after a TrustDomain is applied. */
const ofUrl = (held: HeldBundle | null): Finding[] =>
  held === null
    ? [pending("BundleFetched"), pending("Programmed")]
    : [fetched(held), programmed(held.spec.keys.length)];

function fetched(held: HeldBundle): Finding {
  if (held.error === "") return holds("BundleFetched", "The bundle is the newest there is.");
  const kept = held.spec.keys.length > 0 ? " The last good one stays." : "";
  return fails("BundleFetched", "FetchFailed", `The bundle: ${held.error}.${kept}`);
}

const pending = (type: string): Finding => ({
  type,
  status: "Unknown",
  reason: "Pending",
  message: "The bundle was not asked for yet.",
});

const programmed = (keys: number): Finding =>
  keys > 0
    ? holds("Programmed", `${keys} of its keys are in the published table.`)
    : fails(
        "Programmed",
        "NoKeys",
        "Without a key of use wit-svid nothing of the domain is believed.",
      );
