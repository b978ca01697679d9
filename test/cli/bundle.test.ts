import { readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { init, parse } from "es-module-lexer";
import { expect, test } from "vitest";
import { bundleDataPlane } from "../../cli/bundle.ts";
import { makeProject } from "./project/temp-project.ts";

test("the data plane is one module that imports nothing but the platform", async () => {
  const cacheDir = makeProject({});
  const { text, file } = await bundleDataPlane({ cacheDir });
  await init();
  const [imports, exports] = parse(text);
  const from = imports.map(({ specifier }) => specifier ?? "");
  expect(from.filter((name) => !/^(cloudflare|node):/.test(name))).toEqual([]);
  expect(exports.map((found) => "name" in found && found.name)).toContain("start");
  expect(path.dirname(file)).toBe(cacheDir);
});

test("it is built once for the same sources and constants", async () => {
  const cacheDir = makeProject({});
  const first = await bundleDataPlane({ cacheDir });
  writeFileSync(first.file, "cached");
  expect((await bundleDataPlane({ cacheDir })).text).toBe("cached");
  const other = await bundleDataPlane({ cacheDir, define: { HEDDLE_TEST: "1" } });
  expect(other.file).not.toBe(first.file);
  expect(readdirSync(cacheDir)).toHaveLength(2);
});
