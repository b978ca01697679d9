// Owns writing a folder of generated files: only what changed is touched, and nothing of before stays behind.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Writes a file unless it has this content; returns whether it was written. */
export function writeIfChanged(file: string, content: string | Uint8Array): boolean {
  const bytes = typeof content === "string" ? Buffer.from(content) : Buffer.from(content);
  if (existsSync(file) && readFileSync(file).equals(bytes)) return false;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  return true;
}

/** Removes every file below `dir` whose name is not among `names`. */
export function removeOthers(dir: string, names: Iterable<string>): void {
  const kept = new Set(names);
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    const name = toSlashes(path.relative(dir, file));
    if (entry.isFile() && !kept.has(name)) rmSync(file);
  }
}

/** A path with slashes on every platform. */
export const toSlashes = (file: string): string => file.split(path.sep).join("/");

/** The path from a folder to a file, with slashes and a leading `./` or `../`. */
export function relativeTo(dir: string, file: string): string {
  const relative = toSlashes(path.relative(dir, file));
  return relative.startsWith(".") ? relative : `./${relative}`;
}
