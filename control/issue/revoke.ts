// Owns revoking: kept by Issuer, spread by the Registry's answers to every pulse.
import type { Revocation } from "../../mesh/contract/identity.ts";
import type { Control } from "../control.ts";

/** Revokes and spreads; answers all revocations in force. */
export async function revoke(
  { issuer, registry }: Control,
  revocation: Omit<Revocation, "atMs">,
): Promise<readonly Revocation[]> {
  const revocations = await issuer.revoke(revocation);
  await registry.addRevocations(revocations);
  return revocations;
}
