// The package's own name in this repository: it means the sources, whether anything was built or not.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "..");
const tsc = path.join(root, "node_modules", "typescript", "bin", "tsc");

/** What the package exports with types, and the source each was built from. */
async function entries(): Promise<Readonly<Record<string, readonly string[]>>> {
  const { exports } = JSON.parse(await readFile(path.join(root, "package.json"), "utf8")) as {
    readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
  };
  return Object.fromEntries(
    Object.entries(exports).flatMap(([entry, target]) => {
      if (typeof target === "string") return [];
      const source = target.types.replace("./dist/", "./").replace(/\.d\.ts$/, ".ts");
      return [[`heddle${entry.slice(1)}`, [source]]];
    }),
  );
}

test.each(["mesh", "workers", "runtime", "node"])(
  "in tsconfig.%s.json every entry the package exports means its source",
  async (project) => {
    const args = [tsc, "--showConfig", "-p", path.join(root, `tsconfig.${project}.json`)];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
    const { compilerOptions } = JSON.parse(stdout) as {
      readonly compilerOptions: { readonly paths?: object };
    };
    expect(compilerOptions.paths).toEqual(await entries());
  },
);
