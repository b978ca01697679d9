// What a run of all probes at one date and level comes to.
import { mkdtempSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import type { IdentityLevel } from "../../mesh/contract/identity.ts";
import { startDuel, type Finding } from "./duel.ts";

export interface Difference {
  readonly probe: string;
  readonly bare: Finding;
  readonly woven: Finding;
}

/** The newest compatibility date that the pinned runtime accepts: the day in its version. */
export function newestDate(): string {
  const fromMiniflare = createRequire(createRequire(import.meta.url).resolve("miniflare"));
  const file = fromMiniflare.resolve("workerd/package.json");
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  const day = version.split(".")[1] ?? "";
  return `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6, 8)}`;
}

/** Asks every probe of both sides, in order: some count what others did. */
export async function differences(
  compatibilityDate: string,
  level: IdentityLevel,
): Promise<{ readonly asked: number; readonly found: readonly Difference[] }> {
  const dir = mkdtempSync(path.join(tmpdir(), "duel-"));
  const duel = await startDuel({ compatibilityDate, level, dir });
  const found: Difference[] = [];
  try {
    for (const probe of duel.names) {
      const { bare, woven } = await duel.ask(probe);
      if (JSON.stringify(bare) !== JSON.stringify(woven)) found.push({ probe, bare, woven });
    }
  } finally {
    await duel.close();
  }
  return { asked: duel.names.length, found };
}
