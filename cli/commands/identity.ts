// Owns `heddle identity`: keys by slot, what a workload is given, rotation and revocation.
import type { Revocation } from "../../mesh/contract/identity.ts";
import type { KeySlot } from "../../mesh/contract/state.ts";
import { askControl } from "../client.ts";
import { CliError, EXIT, type ExitCode } from "../exit.ts";
import type { Io } from "../io.ts";
import { type Form, print } from "../output/print.ts";
import { toId } from "../policy/question.ts";
import { findControl } from "./target.ts";

interface Shown {
  readonly output: Form;
}
interface Identities {
  readonly trustDomain: string;
  readonly keys: readonly KeySlot[];
  readonly revocations: readonly Revocation[];
}

const at = (ms: number): string =>
  ms >= 8.64e15 ? "never" : new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");

/** Shows keys by slot, and revocations. */
export async function list(io: Io, _words: readonly string[], options: Shown): Promise<ExitCode> {
  const found = await askControl<Identities>(findControl(io), "GET", "/v1/identity");
  const ended = found.revocations.map(({ kind, value, atMs }) => [
    kind,
    value,
    "revoked",
    at(atMs),
  ]);
  await print(io, options.output, {
    data: found,
    rows: [
      ["PURPOSE", "KEY", "STATE", "FROM", "UNTIL"],
      ...found.keys.map(({ purpose, kid, state, activeMs, notAfterMs }) => [
        purpose,
        kid,
        state,
        at(activeMs),
        at(notAfterMs),
      ]),
      ...ended,
    ],
    names: found.keys.map(({ kid }) => kid),
  });
  return EXIT.ok;
}

export interface InspectOptions extends Shown {
  readonly namespace: string;
}
interface Inspected {
  readonly workload: string;
  readonly id: string;
  readonly registered: boolean;
  readonly level: string;
  readonly revoked: boolean;
  readonly audiences: readonly string[];
}

/** Shows what one workload is given; exits 3 where it is unknown or revoked. */
export async function inspect(
  io: Io,
  [word = ""]: readonly string[],
  options: InspectOptions,
): Promise<ExitCode> {
  const workload = toId(word, options.namespace);
  const route = `/v1/identity/${workload.split("/").map(encodeURIComponent).join("/")}`;
  const found = await askControl<Inspected>(findControl(io), "GET", route);
  await print(io, options.output, {
    data: found,
    rows: [
      ["id", found.id],
      ["registered", found.registered ? "yes" : "no"],
      ["level", found.level],
      ["revoked", found.revoked ? "yes" : "no"],
      ["proves itself to", found.audiences.join(", ") || "nobody"],
    ],
    names: [found.id],
  });
  return found.registered && !found.revoked ? EXIT.ok : EXIT.unmet;
}

export interface RotateOptions extends Shown {
  readonly now?: boolean;
}

/** Lets a new key take over. */
export async function rotate(
  io: Io,
  [purpose = ""]: readonly string[],
  options: RotateOptions,
): Promise<ExitCode> {
  const body = { purpose, now: options.now ?? false };
  const made = await askControl<{ readonly purpose: string; readonly kid: string }>(
    findControl(io),
    "POST",
    "/v1/identity/rotate",
    body,
  );
  await print(io, options.output, {
    data: made,
    rows: [[`${made.purpose} key ${made.kid} takes over`]],
    names: [made.kid],
  });
  return EXIT.ok;
}

export interface RevokeOptions extends Shown {
  readonly namespace: string;
  readonly key?: boolean;
  readonly to?: string;
  readonly session?: boolean;
  readonly tag?: string;
}

/** Revokes a workload of this mesh or another, one version of it, a key, or the calls of one workload to another. */
export async function revoke(
  io: Io,
  [word = ""]: readonly string[],
  options: RevokeOptions,
): Promise<ExitCode> {
  const revocation = toRevocation(word, options);
  const answer = await askControl<{ readonly revocations: readonly Revocation[] }>(
    findControl(io),
    "POST",
    "/v1/revoke",
    revocation,
  );
  await print(io, options.output, {
    data: answer,
    rows: [[`${revocation.kind} ${revocation.value} is revoked`]],
    names: [revocation.value],
  });
  return EXIT.ok;
}

function toRevocation(
  word: string,
  { key, to, session, tag, namespace }: RevokeOptions,
): Omit<Revocation, "atMs"> {
  if (tag !== undefined && (key || session || to !== undefined))
    throw new CliError(EXIT.usage, {
      message: "--tag goes without --key, --to and --session",
      mend: "A version is revoked for all it calls.",
    });
  if (key) return { kind: "kid", value: word };
  if ([word, to].some(isId)) return { kind: "subject", value: idAlone(word, { to, session, tag }) };
  const caller = toId(word, namespace);
  if (tag !== undefined) return { kind: "version", value: `${caller}@${tag}` };
  if (to !== undefined)
    return { kind: session ? "session" : "binding", value: `${caller}>${toId(to, namespace)}` };
  if (!session) return { kind: "subject", value: caller };
  throw new CliError(EXIT.usage, {
    message: "--session needs --to",
    mend: "A session is between two: name the service's Worker with --to.",
  });
}

const isId = (word: string | undefined): boolean => word?.startsWith("spiffe://") === true;

/** A SPIFFE id goes for all calls of whoever has it; throws beside what says less. */
function idAlone(id: string, more: object): string {
  if (Object.values(more).every((value) => value === undefined)) return id;
  throw new CliError(EXIT.usage, {
    message: "a SPIFFE id goes without --tag, --to and --session",
    mend: "Workloads of other meshes are revoked for all they call; name those of this one as namespace/name.",
  });
}
