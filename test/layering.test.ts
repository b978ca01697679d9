// The lint rules that hold the layering and the house limits are themselves held here: each must catch its seed.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { violations } from "./layering-seeds.ts";
import { clean } from "./layering-tree.ts";

const root = path.dirname(import.meta.dirname);
const scratch = path.join(root, `.heddle/tmp/layering-${process.pid}`);
const config = [".oxlintrc.json", ".ci/lint-rules.js", "workerd.d.ts"].concat(
  ["", ".base", ".mesh", ".workers", ".runtime", ".node"].map((part) => `tsconfig${part}.json`),
);

interface Diagnostic {
  readonly code: string;
  readonly filename: string;
  readonly message: string;
}

/** Lays out a tree with the checkout's own configuration and lints it. */
function lint(name: string, files: Readonly<Record<string, string>>): readonly Diagnostic[] {
  const dir = path.join(scratch, name);
  // oxlint would otherwise take the checkout's .gitignore to heart, which names this folder.
  mkdirSync(path.join(dir, ".git"), { recursive: true });
  for (const file of config) cpSync(path.join(root, file), path.join(dir, file));
  for (const [file, source] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
    writeFileSync(path.join(dir, file), source);
  }
  const oxlint = path.join(root, "node_modules/oxlint/bin/oxlint");
  const result = spawnSync(process.execPath, [oxlint, "-f", "json"], {
    cwd: dir,
    encoding: "utf8",
  });
  const report = JSON.parse(result.stdout) as {
    diagnostics: readonly Diagnostic[];
    number_of_files: number;
  };
  expect(report.number_of_files).toBeGreaterThanOrEqual(Object.keys(files).length);
  return report.diagnostics;
}

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

describe("layering", () => {
  let found: readonly Diagnostic[] = [];
  beforeAll(() => {
    const seeds = violations.map(({ path: file, source }) => [file, source] as const);
    found = lint("broken", { ...clean, ...Object.fromEntries(seeds) });
  }, 30_000);

  it("passes a tree that keeps every rule", { timeout: 30_000 }, () => {
    expect(lint("clean", clean)).toEqual([]);
  });

  it("blames no file of the clean tree", () => {
    expect(found.filter(({ filename }) => filename in clean)).toEqual([]);
  });

  it.each(violations)("catches: $kind ($path)", ({ path: file, rule }) => {
    const codes = found.filter(({ filename }) => filename === file).map(({ code }) => code);
    expect(codes).toContain(rule);
  });
});
