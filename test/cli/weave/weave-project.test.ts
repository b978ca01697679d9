// `heddle weave` and plain wrangler after it, on a project of its own.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test, vi } from "vitest";
import { weaveProject, type WeaveReport } from "../../../cli/weave/weave-project.ts";
import { makeProject, meshYaml, wranglerToml } from "../project/temp-project.ts";
import { dryRun, textOf } from "./dry-run.ts";

vi.setConfig({ testTimeout: 60_000 });

const weave = async (from: string, env?: string, tag?: string): Promise<WeaveReport> =>
  await weaveProject({
    from,
    workers: [],
    cwd: from,
    environment: {},
    ...(env === undefined ? {} : { env }),
    ...(tag === undefined ? {} : { tag }),
  });

const INDEX = `
  import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
  import words from "./words.txt";
  import page from "./page.md";
  import wasm from "./add.wasm";
  declare const COLOR: string;
  export class Room extends DurableObject {}
  export class Api extends WorkerEntrypoint { words() { return words + page + COLOR; } }
  export default { fetch: () => new Response("EDIT-0 " + String(wasm)) };
`;

const project = (): string =>
  makeProject({
    "mesh.yaml": meshYaml(
      "workers: [front, { path: back, join: hand }, { path: old, join: relay }]",
    ),
    "front/wrangler.toml": wranglerToml(
      "front",
      'services = [{ binding = "BACK", service = "back" }, { binding = "OLD", service = "old" }]',
      'define = { COLOR = "\\"red\\"" }',
      'rules = [{ type = "Text", globs = ["**/*.md"], fallthrough = true }]',
      "[assets]",
      'directory = "public"',
      "[[durable_objects.bindings]]",
      'name = "ROOM"',
      'class_name = "Room"',
      "[[migrations]]",
      'tag = "v1"',
      'new_sqlite_classes = ["Room"]',
    ).replace("index.ts", "src/index.ts"),
    "front/public/a.txt": "asset",
    "front/src/index.ts": INDEX,
    "front/src/words.txt": "words",
    "front/src/page.md": "page",
    "front/src/add.wasm": new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]),
    "back/wrangler.toml": wranglerToml("back", "[env.staging]"),
    "back/index.ts": "export default { fetch: () => new Response('back') };",
    "old/wrangler.toml": wranglerToml("old", 'services = [{ binding = "BACK", service = "back" }]'),
    "old/index.ts": "addEventListener('fetch', () => {});",
  });

test("plain wrangler ships the woven build, edits included, and stops when weaving fails", async () => {
  const dir = project();
  const { workers, notes } = await weave(path.join(dir, "front"));
  expect(workers.map(({ workload, join }) => [workload, join])).toEqual([
    ["default/front", "woven"],
    ["default/back", "hand"],
    ["default/old", "relay"],
    ["heddle/gateway", "system"],
    ["heddle/relay", "system"],
  ]);
  expect(notes).toEqual([
    expect.stringContaining("without a table or deploy seed"),
    expect.stringContaining("HEDDLE_TABLE_ID is not set"),
  ]);
  const front = path.join(dir, "front");

  writeFileSync(path.join(front, "src/index.ts"), INDEX.replace("EDIT-0", "EDIT-1"));
  writeFileSync(path.join(front, "src/words.txt"), "other words");
  const first = await dryRun(front);
  expect(first.said).toContain("Using redirected Wrangler configuration");
  expect(first.status).toBe(0);
  const metadata = JSON.parse(await textOf(first.parts.get("metadata"))) as {
    main_module: string;
    compatibility_flags: readonly string[];
    bindings: readonly { name: string; type: string; service?: string }[];
  };
  expect(metadata.main_module).toBe("heddle-entry.js");
  expect(metadata.compatibility_flags).toContain("nodejs_als");
  expect(metadata.bindings.map(({ name }) => name).sort()).toEqual([
    "HEDDLE",
    "HEDDLE_ASSETS",
    "HEDDLE_PULSE",
    "HEDDLE_RELAY",
    "HEDDLE_TABLE",
    "HEDDLE_TO_0",
    "ROOM",
  ]);
  const types = [...first.parts].flatMap(([name, part]) =>
    part instanceof File ? [[name.replace(/^[0-9a-f]{40}-/, ""), part.type]] : [],
  );
  expect(Object.fromEntries(types)).toMatchObject({
    "heddle-entry.js": "application/javascript+module",
    "heddle-boot.js": "application/javascript+module",
    "heddle-wiring.js": "application/javascript+module",
    "heddle.js": "application/javascript+module",
    "heddle-late.js": "application/javascript+module",
    "index.js": "application/javascript+module",
    "index.js.map": "application/source-map",
    "words.txt": "text/plain",
    "page.md": "text/plain",
    "add.wasm": "application/wasm",
  });
  const built = await textOf(first.parts.get("index.js"));
  expect(built).toContain("EDIT-1");
  expect(built).toContain('"red"');
  const words = [...first.parts].find(([name]) => name.endsWith("words.txt"))?.[1];
  expect(await textOf(words)).toBe("other words");
  expect(await textOf(first.parts.get("heddle-entry.js"))).toMatch(
    /heddle-boot[^]*index\.js[^]*"Room"[^]*"Api"[^]*"default"|heddle-boot[^]*index\.js/,
  );

  writeFileSync(path.join(front, "src/index.ts"), `${INDEX} oops(`);
  const broken = await dryRun(front);
  expect(broken.status).not.toBe(0);
  expect(broken.said).toMatch(/src\/index\.ts:\d+:\d+/);
});

test("a changed wrangler file stops wrangler once, and is taken the next time", async () => {
  const dir = project();
  await weave(dir);
  const back = path.join(dir, "back");
  const file = path.join(back, "wrangler.toml");
  writeFileSync(file, readFileSync(file, "utf8").replace("[env", '[vars]\nNEW = "1"\n[env'));
  const stale = await dryRun(back);
  expect(stale.status).not.toBe(0);
  expect(stale.said).toContain("run the wrangler command once more");
  const fresh = await dryRun(back);
  expect(fresh.status).toBe(0);
  expect(await textOf(fresh.parts.get("metadata"))).toMatch(/"name":"NEW"[^]*"HEDDLE_WIRING"/);
  const other = await dryRun(back, "--env", "staging");
  expect(other.status).not.toBe(0);
  expect(other.said).toContain("(top level)");
});

test("behind the relay a Worker of any syntax is built by wrangler as ever", async () => {
  const dir = project();
  await weave(dir, undefined, "v42");
  for (const name of ["front", "back"]) {
    const file = path.join(dir, name, ".heddle/woven/wrangler.json");
    const { services, build } = JSON.parse(readFileSync(file, "utf8")) as {
      services: readonly { props?: { heddle?: { tag?: string } } }[];
      build: { command: string };
    };
    // Whoever it calls sees in its props which version it is, control, the pulse and the relay too.
    expect(new Set(services.map(({ props }) => props?.heddle?.tag))).toEqual(new Set(["v42"]));
    expect(build.command).toContain(" --tag v42 ");
  }
  const old = await dryRun(path.join(dir, "old"));
  expect(old.status).toBe(0);
  expect(await textOf(old.parts.get("metadata"))).toContain(
    '"service":"heddle-relay","entrypoint":"Relay"',
  );
});

test("what is woven keeps out of the way: no redirect for the mesh's own Workers, ignored by git", async () => {
  const dir = project();
  const { workers } = await weave(dir);
  const system = workers.filter(({ join }) => join === "system");
  expect(system.map(({ redirect }) => redirect)).toEqual([null, null]);
  for (const folder of ["front/.heddle", ".heddle"]) {
    expect(readFileSync(path.join(dir, folder, ".gitignore"), "utf8")).toBe("*\n");
  }
  const command = readFileSync(path.join(dir, "front/.heddle/woven/wrangler.json"), "utf8");
  expect(command).toMatch(
    /"command": "node (\.\.\/)+cli\/bin\.js weave --project \.\. default\/front"/,
  );
});

test("a Worker that cannot be woven, or is not there, is one clear error", async () => {
  const twins = makeProject({
    "mesh.yaml": meshYaml("workers: [{ path: a, name: one }, { path: a, name: two }]"),
    "a/wrangler.toml": wranglerToml("a"),
    "a/index.ts": "export default {};",
  });
  await expect(weave(twins)).rejects.toThrow("HEDDLE-W009");
  await expect(
    weaveProject({ from: twins, workers: ["three"], cwd: twins, environment: {} }),
  ).rejects.toThrow("three is no Worker of the project");
  const syntax = makeProject({
    "mesh.yaml": meshYaml("workers: [a, b]"),
    "a/wrangler.toml": wranglerToml("a"),
    "a/index.ts": "addEventListener('fetch', () => {});",
    "b/wrangler.toml": wranglerToml("b"),
    "b/index.ts": "export default {};",
  });
  await expect(weave(syntax)).rejects.toThrow("HEDDLE-W002");
});
