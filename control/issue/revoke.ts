// Owns revoking: kept by Issuer, spread by the Registry's answers to every pulse.
import type { Revocation } from "../../mesh/contract/identity.ts";
import { NAMELESS_MESH } from "../compile/compile.ts";
import type { Control } from "../control.ts";
import { type Outcome, done, failed, problem } from "../problem.ts";
import type { Memory } from "./memory.ts";

type NewRevocation = Omit<Revocation, "atMs">;

/** Revokes and spreads; answers all revocations in force. */
export async function revoke(
  { issuer, registry }: Control,
  revocation: NewRevocation,
): Promise<readonly Revocation[]> {
  const revocations = await issuer.revoke(revocation);
  await registry.addRevocations(revocations);
  return revocations;
}

/** As isolates know callers: those of this mesh by `namespace/name`, those of others by SPIFFE id. */
export async function named(
  memory: Memory,
  control: Control,
  revocation: NewRevocation,
): Promise<Outcome<NewRevocation>> {
  const { kind, value } = revocation;
  if (!value.startsWith(SPIFFE)) return done(revocation);
  const { table } = await memory.recall(control, 0);
  const ours = `${SPIFFE}${table?.directory.trustDomain ?? NAMELESS_MESH.trustDomain}/`;
  if (!value.startsWith(ours)) return done(revocation);
  const [, namespace, name] = OWN_PATH.exec(value.slice(ours.length)) ?? [];
  if (namespace !== undefined && name !== undefined)
    return done({ kind, value: `${namespace}/${name}` });
  const message = "value is an id of this mesh's trust domain that no workload has.";
  const mend = "Write namespace/name.";
  return failed(problem("invalid", undefined, [{ path: "value", kind: "string", message, mend }]));
}

const SPIFFE = "spiffe://";
const OWN_PATH = /^ns\/([^/]+)\/sa\/([^/]+)$/;
