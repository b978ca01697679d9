import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { againCommand, packageRoot, redirectWrangler } from "../../../cli/weave/again.ts";
import { watchPaths } from "../../../cli/weave/watch-paths.ts";
import { makeProject } from "../project/temp-project.ts";

test("the command is relative, and takes the heddle that is installed for the Worker", () => {
  const dir = makeProject({ "node_modules/heddle/cli/bin.js": "", "workers/a/index.ts": "" });
  const cwd = path.join(dir, "workers/a");
  expect(againCommand({ cwd, project: dir, workload: "default/a" })).toBe(
    "node ../../node_modules/heddle/cli/bin.js weave --project ../.. default/a",
  );
});

test("without one it takes the heddle that wove", () => {
  const cwd = makeProject({});
  const command = againCommand({ cwd, project: cwd, workload: "ns/a", env: "the prod" });
  const bin = path.relative(cwd, path.join(packageRoot(), "cli/bin.js"));
  expect(command).toBe(`node ${bin} weave --project . --env "the prod" ns/a`);
});

test("what was woven with a version tag is woven again with it", () => {
  const cwd = makeProject({});
  const command = againCommand({ cwd, project: cwd, workload: "ns/a", tag: "v42" });
  expect(command).toMatch(/ weave --project \. --tag v42 ns\/a$/);
});

test("the redirect is where wrangler looks for it", () => {
  const dir = makeProject({});
  const file = redirectWrangler(dir, path.join(dir, ".heddle/woven/wrangler.json"));
  expect(path.relative(dir, file)).toBe(path.join(".wrangler", "deploy", "config.json"));
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
    configPath: "../../.heddle/woven/wrangler.json",
  });
});

test("wrangler dev watches sources and the wrangler file, and nothing generated", () => {
  const dir = makeProject({
    "packages/shared/lib/a.ts": "",
    "package.json": "{}",
    "a/wrangler.toml": "",
    "a/index.ts": "",
    "a/src/deep/b.ts": "",
    "a/node_modules/x/index.js": "",
    "a/.heddle/woven/index.js": "",
  });
  const inputs = [
    "packages/shared/lib/a.ts",
    "package.json",
    "a/index.ts",
    "a/src/deep/b.ts",
    "a/node_modules/x/index.js",
    "a/.heddle/woven/index.js",
    "a/gone.ts",
  ].map((name) => path.join(dir, name));
  const config = {
    main: path.join(dir, "a/index.ts"),
    compatibility_flags: [],
    durable_objects: { bindings: [] },
    build: {},
  };
  const watched = watchPaths({ configPath: path.join(dir, "a/wrangler.toml"), config }, inputs);
  expect(watched.map((file) => path.relative(dir, file))).toEqual([
    "a/index.ts",
    "a/src",
    "a/wrangler.toml",
    "packages/shared/lib",
  ]);
});
