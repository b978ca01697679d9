// Owns the folder a run works in: runs of one checkout at the same time each get their own, and one that ended is used again.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";

/** The first folder `base/0`, `base/1`, … that no living run holds; held until this process ends. */
export function claimFolder(base: string): string {
  for (let number = 0; ; number += 1) {
    const folder = path.join(base, String(number));
    mkdirSync(folder, { recursive: true });
    const lock = path.join(folder, "pid");
    if (!claim(lock)) continue;
    process.once("exit", () => rmSync(lock, { force: true }));
    return folder;
  }
}

function claim(lock: string): boolean {
  if (existsSync(lock) && !isAlive(Number(readFileSync(lock, "utf8"))))
    rmSync(lock, { force: true });
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
