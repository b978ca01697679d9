// Owns what the operations about tokens, audit, keys and revocations answer.
import type { AuditEntry, ControlToken, KeySlot, Role } from "../../mesh/contract/state.ts";
import type { Revocation } from "../../mesh/contract/identity.ts";
import { NAMELESS_MESH } from "../compile/compile.ts";
import type { Control } from "../control.ts";
import type { Memory } from "../issue/memory.ts";
import { upstreamsOf } from "../issue/reach.ts";
import { type Outcome, done, failed, problem } from "../problem.ts";
import { newToken } from "./who.ts";

const DAY_MS = 86_400_000;
/** A verifier asks again after so many seconds. */
const REFRESH_HINT_S = 300;
const USUAL_ENTRIES = 100;
const MOST_ENTRIES = 1000;

export interface NewToken {
  readonly name: string;
  readonly role: Role;
  readonly days: number;
}

/** Makes a token; the answer is the only place it is ever in. */
export async function addToken(
  { store, clock }: Control,
  { name, role, days }: NewToken,
  by: string,
): Promise<Outcome<{ token: string; name: string; role: Role; expiresMs: number }>> {
  const { token, digest } = await newToken();
  const expiresMs = clock.now() + days * DAY_MS;
  if (!(await store.addToken({ name, role, by, expiresMs }, digest)))
    return failed(problem("conflict", `There is a token named ${name} already.`));
  return done({ token, name, role, expiresMs });
}

/** Ends a token. */
export async function removeToken(
  { store }: Control,
  name: string,
): Promise<Outcome<{ name: string }>> {
  const isGone = await store.removeToken(name);
  return isGone ? done({ name }) : failed(problem("not_found", `There is no token named ${name}.`));
}

export const listTokens = async ({
  store,
}: Control): Promise<{ tokens: readonly ControlToken[] }> => ({ tokens: await store.tokens() });

/** The audit trail; words that are no numbers mean the usual. */
export async function readAudit(
  { store }: Control,
  limit: string | undefined,
  before: string | undefined,
): Promise<{ entries: readonly AuditEntry[] }> {
  const most = Math.min(Number(limit) || USUAL_ENTRIES, MOST_ENTRIES);
  return { entries: await store.auditTrail(Math.max(1, most), Number(before) || 0) };
}

/** Keys and revocations of the mesh. */
export async function readIdentity(
  memory: Memory,
  control: Control,
): Promise<{
  trustDomain: string;
  keys: readonly KeySlot[];
  revocations: readonly Revocation[];
}> {
  const [known, keys, revocations] = await Promise.all([
    memory.recall(control, 0),
    control.issuer.slots(),
    control.issuer.revocations(),
  ]);
  const trustDomain = known.table?.directory.trustDomain ?? NAMELESS_MESH.trustDomain;
  return { trustDomain, keys, revocations };
}

/** What one workload is given. */
export async function inspectIdentity(memory: Memory, control: Control, workload: string) {
  const { table, workloads, revocations } = await memory.recall(control, 0);
  const directory = table?.directory;
  const [namespace, name] = workload.split("/");
  return {
    workload,
    id: `spiffe://${directory?.trustDomain ?? NAMELESS_MESH.trustDomain}/ns/${namespace}/sa/${name}`,
    registered: workloads.has(workload),
    level: directory?.levels[workload] ?? directory?.defaults.identity.level ?? "session",
    revoked: revocations.some(({ kind, value }) => kind === "subject" && value === workload),
    audiences: table ? upstreamsOf(workload, table, workloads) : [],
  };
}

/** The trust bundle as SPIFFE has it. */
export async function trustBundle({ issuer }: Control) {
  const { keys, sequence } = await issuer.tokenKeys();
  return {
    keys: keys.map((key) => ({ ...key, alg: "ES256", use: "wit-svid" })),
    spiffe_sequence: sequence,
    spiffe_refresh_hint: REFRESH_HINT_S,
  };
}
