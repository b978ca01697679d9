// Owns which settings of a wrangler file are paths, and what they read from another folder.
import { existsSync } from "node:fs";
import path from "node:path";
import { relativeTo } from "./files.ts";

type Settings = Readonly<Record<string, unknown>>;

/** Settings of a file in `from` as a file in `to` has to write them. */
export function relocate(settings: Settings, from: string, to: string): Record<string, unknown> {
  const relative = (file: string): string => relativeTo(to, path.resolve(from, file));
  const moved: Record<string, unknown> = { ...settings };
  // wrangler has made these absolute, or relative to the folder of the process.
  for (const name of ["main", "base_dir", "tsconfig"]) {
    const value = settings[name];
    if (typeof value === "string") moved[name] = relativeTo(to, path.resolve(value));
  }
  mend(moved, "assets", (assets) => mendText(assets, "directory", relative));
  mend(moved, "site", (site) => mendText(site, "bucket", relative));
  mendAll(moved, "d1_databases", (database) => mendText(database, "migrations_dir", relative));
  mendAll(moved, "containers", (container) => {
    const isFile = (image: string): boolean => existsSync(path.resolve(from, image));
    const context = mendText(container, "image_build_context", relative);
    return mendText(context, "image", (image) => (isFile(image) ? relative(image) : image));
  });
  return moved;
}

function mend(
  settings: Record<string, unknown>,
  name: string,
  change: (part: Settings) => Settings,
): void {
  const part = settings[name];
  if (typeof part === "object" && part !== null) settings[name] = change(part as Settings);
}

function mendAll(
  settings: Record<string, unknown>,
  name: string,
  change: (part: Settings) => Settings,
): void {
  const parts = settings[name];
  if (Array.isArray(parts)) settings[name] = (parts as readonly Settings[]).map(change);
}

function mendText(part: Settings, name: string, change: (text: string) => string): Settings {
  const text = part[name];
  return typeof text === "string" ? { ...part, [name]: change(text) } : part;
}
