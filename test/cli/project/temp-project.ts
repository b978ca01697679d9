// A project on disk for one test: files in, folder out; everything is removed afterwards.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach } from "vitest";

const made: string[] = [];

afterEach(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** Writes files below a new folder and returns its path. */
export function makeProject(files: Readonly<Record<string, string | Uint8Array>>): string {
  const dir = realpathSync(mkdtempSync(path.join(tmpdir(), "heddle-project-")));
  made.push(dir);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    writeFileSync(path.join(dir, name), content);
  }
  return dir;
}

/** A mesh.yaml with these lines below `spec:`. */
export const meshYaml = (...spec: readonly string[]): string =>
  [
    "apiVersion: heddle.dev/v1",
    "kind: Mesh",
    "metadata: { name: test }",
    "spec:",
    ...(spec.length > 0 ? spec.map((line) => `  ${line}`) : ["  {}"]),
    "",
  ].join("\n");

/** A wrangler.toml with these lines after the name. */
export const wranglerToml = (name: string, ...lines: readonly string[]): string =>
  [
    `name = "${name}"`,
    'main = "index.ts"',
    'compatibility_date = "2025-06-01"',
    "send_metrics = false",
    ...lines,
    "",
  ].join("\n");
