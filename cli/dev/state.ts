// Owns PROJECT/.heddle/state: what a dev mesh keeps between runs, and who runs it now.
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import type { Ref } from "../../mesh/contract/api.ts";
import { DEV_FILE, isAlive, type DevFile } from "../commands/target.ts";
import { CliError, EXIT } from "../exit.ts";

/** The state folder of one project while its dev mesh runs. */
export interface DevState {
  /** Absolute. */
  readonly dir: string;
  /** Where the Workers' builds go. */
  readonly buildDir: string;
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
    buildDir: path.join(project, ".heddle/build/dev"),
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
    writeFileSync(lock, `${process.pid} ${startOf(process.pid)}`, { flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    const [pid = "", started] = readFileSync(lock, "utf8").split(" ");
    if (isAlive(Number(pid)) && startOf(Number(pid)) === started) {
      throw new CliError(EXIT.failed, {
        message: `the mesh of ${project} runs already, as process ${pid}`,
        mend: `Use that one, or stop it first (kill ${pid}).`,
      });
    }
    rmSync(lock, { force: true });
    takeLock(lock, project);
  }
}

/** When a process started, in the words of the kernel: a number may be another process's by now. Empty if not told. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
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
