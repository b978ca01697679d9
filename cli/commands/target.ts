// Owns which control a command speaks to: the one named in the environment, else the running dev mesh.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { controlAt, type ControlTarget } from "../client.ts";
import { CliError, EXIT } from "../exit.ts";
import type { Io } from "../io.ts";

/** Beside a project's mesh.yaml: where its dev mesh says how to reach it. */
export const DEV_FILE = ".heddle/state/dev.json";

/** What `heddle dev` leaves in DEV_FILE while it runs. */
export interface DevFile extends ControlTarget {
  readonly pid: number;
}

/** The control named by HEDDLE_CONTROL and HEDDLE_TOKEN, else that of the dev mesh of the project we are in. */
export function findControl(io: Pick<Io, "env" | "cwd">): ControlTarget {
  const control = io.env["HEDDLE_CONTROL"];
  if (control) return controlAt(control, io.env["HEDDLE_TOKEN"]);
  const project = projectAbove(io.cwd);
  if (!project) {
    throw new CliError(EXIT.unreachable, {
      message: `no control to speak to: HEDDLE_CONTROL is not set and no mesh.yaml is in ${io.cwd} or above`,
      mend: "Set HEDDLE_CONTROL and HEDDLE_TOKEN, or run this in a project whose mesh runs (`heddle dev`).",
    });
  }
  const running = runningDev(project);
  if (running) return running;
  throw new CliError(EXIT.unreachable, {
    message: `the mesh of ${project} is not running`,
    mend: `Start it with \`heddle dev --project ${project}\`, or set HEDDLE_CONTROL and HEDDLE_TOKEN.`,
  });
}

/** The dev mesh that runs for a project folder, if its process is there. */
function runningDev(project: string): DevFile | undefined {
  const file = path.join(project, DEV_FILE);
  if (!existsSync(file)) return undefined;
  try {
    const dev = JSON.parse(readFileSync(file, "utf8")) as DevFile;
    return isAlive(dev.pid) ? dev : undefined;
  } catch {
    return undefined;
  }
}

function projectAbove(from: string): string | undefined {
  for (let dir = path.resolve(from); ; dir = path.dirname(dir)) {
    if (existsSync(path.join(dir, "mesh.yaml"))) return dir;
    if (dir === path.dirname(dir)) return undefined;
  }
}

/** Whether a process is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
