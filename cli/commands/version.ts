// Owns `heddle version`: the version of this command, and of control where one can be asked.
import { versionOfControl } from "../api.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Io } from "../io.ts";
import { print, type Form } from "../output/print.ts";
import { ownVersion } from "../own-version.ts";
import { findControl } from "./target.ts";

export interface VersionOptions {
  readonly output: Form;
}

/** Shows versions; a control that does not answer is told on stderr and is no failure. */
export async function version(io: Io, { output }: VersionOptions): Promise<ExitCode> {
  const heddle = ownVersion();
  const control = await controlVersion(io);
  await print(io, output, {
    data: { heddle, control },
    rows: [
      ["heddle", heddle],
      ["control", control?.version ?? "not reached"],
      ...(control ? [["table", `${control.table} of mesh ${control.mesh}`]] : []),
    ],
    names: [`heddle/${heddle}`],
  });
  return EXIT.ok;
}

async function controlVersion(
  io: Io,
): Promise<Awaited<ReturnType<typeof versionOfControl>> | null> {
  try {
    return await versionOfControl(findControl(io));
  } catch (error) {
    io.err(`${error instanceof Error ? error.message : String(error)}\n`);
    return null;
  }
}
