// Owns what tests know of the processes they start, each the leader of a group of its own: what of it is left.
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

/** Processes of a process group; what has ended and was not collected yet does not count. */
export function groupOf(leader: number): readonly number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const [state, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return Number(group) === leader && state !== "Z" ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

/** Waits until a group is empty; what is left of it after three seconds. */
export async function remains(leader: number): Promise<readonly number[]> {
  for (let tries = 0; tries < 60 && groupOf(leader).length > 0; tries++) await sleep(50);
  return groupOf(leader);
}

/** Ends a whole group the hard way. */
export function endGroup(leader: number): void {
  for (const pid of groupOf(leader)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  }
}
