// Owns PROJECT/.heddle/state: what a dev mesh keeps between runs, and who runs it now.
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import type { Ref } from "../api.ts";
import { DEV_FILE, isAlive, type DevFile } from "../commands/target.ts";
import { CliError, EXIT } from "../exit.ts";

/** The state folder of one project while its dev mesh runs. */
export interface DevState {
  /** Absolute. */
  readonly dir: string;
  /** Where the local runtime keeps KV and objects. */
  readonly runtimeDir: string;
  readonly tmpDir: string;
  /** Bearer token of control, the same in every run on this state. */
  readonly token: string;
  /** What the project's files had put in place when last looked. */
  applied(): readonly Ref[];
  setApplied(refs: readonly Ref[]): void;
  /** Tells commands run in this project where the mesh is. */
  announce(control: string): void;
  /** Takes the announcement back and leaves the state to others. */
  leave(): void;
}

const OWNER_ONLY = 0o600;

/** Opens the state of a project, empty where `fresh`; refuses while another dev mesh runs on it. */
export function openState(project: string, fresh: boolean): DevState {
  mkdirSync(path.join(project, ".heddle"), { recursive: true });
  writeFileSync(path.join(project, ".heddle/.gitignore"), "*\n");
  const lock = path.join(project, ".heddle/dev.pid");
  takeLock(lock, project);
  const dir = path.join(project, ".heddle/state");
  if (fresh) rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const token = keptToken(path.join(dir, "token"));
  const announcement = path.join(project, DEV_FILE);
  const appliedFile = path.join(dir, "applied.json");
  return {
    dir,
    runtimeDir: path.join(dir, "runtime"),
    tmpDir: path.join(dir, "tmp"),
    token,
    applied: () =>
      existsSync(appliedFile) ? (JSON.parse(readFileSync(appliedFile, "utf8")) as Ref[]) : [],
    setApplied: (refs) => writeFileSync(appliedFile, JSON.stringify(refs)),
    announce: (control) => {
      const file: DevFile = { control, token, pid: process.pid };
      writeSecret(announcement, `${JSON.stringify(file)}\n`);
    },
    leave: () => {
      rmSync(announcement, { force: true });
      rmSync(lock, { force: true });
    },
  };
}

/** One process at a time; a lock whose process is gone is nobody's. */
function takeLock(lock: string, project: string): void {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    const owner = Number(readFileSync(lock, "utf8"));
    if (isAlive(owner)) {
      throw new CliError(EXIT.failed, {
        message: `the mesh of ${project} runs already, as process ${owner}`,
        mend: `Use that one, or stop it first (kill ${owner}).`,
      });
    }
    rmSync(lock, { force: true });
    takeLock(lock, project);
  }
}

function keptToken(file: string): string {
  const kept = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
  if (kept !== "") return kept;
  const token = randomBytes(24).toString("base64url");
  writeSecret(file, `${token}\n`);
  return token;
}

function writeSecret(file: string, text: string): void {
  writeFileSync(file, text, { mode: OWNER_ONLY });
  chmodSync(file, OWNER_ONLY);
}
