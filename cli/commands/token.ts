// Owns `heddle token` and `heddle audit`: who may speak to control, and what they did.
import type { AuditEntry, ControlToken } from "../../mesh/contract/state.ts";
import { askControl } from "../client.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Io } from "../io.ts";
import { type Form, print } from "../output/print.ts";
import { findControl } from "./target.ts";

export interface TokenOptions {
  readonly role: string;
  readonly days: string;
  readonly output: Form;
}
type Shown = Pick<TokenOptions, "output">;

const at = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");

/** Makes a token and prints it, this once. */
export async function create(
  io: Io,
  [name = ""]: readonly string[],
  { role, days, output }: TokenOptions,
): Promise<ExitCode> {
  const made = await askControl<{ readonly token: string; readonly expiresMs: number }>(
    findControl(io),
    "POST",
    "/v1/tokens",
    { name, role, days: Number(days) },
  );
  io.err(
    `token ${name} of role ${role}, good until ${at(made.expiresMs)}; it is shown this once\n`,
  );
  await print(io, output, { data: made, rows: [[made.token]], names: [made.token] });
  return EXIT.ok;
}

/** Shows tokens by name. */
export async function list(io: Io, _words: readonly string[], options: Shown): Promise<ExitCode> {
  const { tokens } = await askControl<{ readonly tokens: readonly ControlToken[] }>(
    findControl(io),
    "GET",
    "/v1/tokens",
  );
  await print(io, options.output, {
    data: { tokens },
    rows: [
      ["NAME", "ROLE", "MADE BY", "UNTIL"],
      ...tokens.map(({ name, role, by, expiresMs }) => [name, role, by, at(expiresMs)]),
    ],
    names: tokens.map(({ name }) => name),
  });
  return EXIT.ok;
}

/** Ends a token. */
export async function remove(
  io: Io,
  [name = ""]: readonly string[],
  options: Shown,
): Promise<ExitCode> {
  const route = `/v1/tokens/${encodeURIComponent(name)}`;
  const gone = await askControl<{ readonly name: string }>(findControl(io), "DELETE", route);
  await print(io, options.output, {
    data: gone,
    rows: [[`token ${name} has ended`]],
    names: [name],
  });
  return EXIT.ok;
}

export interface AuditOptions extends Shown {
  readonly limit: string;
}

/** Shows the audit trail, newest first. */
export async function audit(
  io: Io,
  _words: readonly string[],
  { limit, output }: AuditOptions,
): Promise<ExitCode> {
  const { entries } = await askControl<{ readonly entries: readonly AuditEntry[] }>(
    findControl(io),
    "GET",
    `/v1/audit?limit=${encodeURIComponent(limit)}`,
  );
  await print(io, output, {
    data: { entries },
    rows: [
      ["TIME", "WHO", "WHAT", "STATUS", "ABOUT"],
      ...entries.map(({ atMs, by, action, status, subject }) => [
        at(atMs),
        by,
        action,
        String(status),
        subject || "-",
      ]),
    ],
    names: entries.map(({ id }) => String(id)),
  });
  return EXIT.ok;
}
