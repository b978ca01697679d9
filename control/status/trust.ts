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
    ...(url === undefined ? [] : [fetched(held)]),
    url !== undefined && held === null
      ? pending("Programmed")
      : programmed(keys?.length ?? held?.spec.keys.length ?? 0),
  ];
  const moment = { generation, nowMs };
  return {
    kind,
    namespace,
    name,
    generation,
    status: {
      ...(held === null
        ? {}
        : {
            bundle: {
              keys: held.spec.keys.map((key) => key["kid"]),
              sequence: held.spec.sequence,
              triedAt: Number.isFinite(held.triedMs) ? new Date(held.triedMs).toISOString() : null,
              failures: held.failures,
            },
          }),
      conditions: toConditions(findings, status?.["conditions"], moment),
    },
  };
}

function fetched(held: HeldBundle | null): Finding {
  if (held === null) return pending("BundleFetched");
  if (held.error === "") return holds("BundleFetched", "The bundle is the newest there is.");
  const kept = held.spec.keys.length > 0 ? " The last good one stays." : "";
  return fails("BundleFetched", "FetchFailed", `The bundle: ${held.error}.${kept}`);
}

/** Control asks right after a TrustDomain is applied. */
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
