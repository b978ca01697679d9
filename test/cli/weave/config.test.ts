import path from "node:path";
import { expect, test } from "vitest";
import { loadProject } from "../../../cli/project/load.ts";
import { defaultWranglerConfig } from "../../../cli/project/wrangler-config.ts";
import { wovenConfig, type GeneratedConfig } from "../../../cli/weave/config.ts";
import { planMesh } from "../../../cli/weave/plan.ts";
import { scriptNames } from "../../../cli/weave/script-names.ts";
import { makeProject, meshYaml, wranglerToml } from "../project/temp-project.ts";

async function configOf(
  entry: string,
  toml: readonly string[],
  table: string | null = null,
): Promise<{ config: GeneratedConfig; notes: readonly string[] }> {
  const dir = makeProject({
    "mesh.yaml": meshYaml(`workers: [${entry}, other]`),
    "a/wrangler.toml": wranglerToml("a", ...toml),
    "other/wrangler.toml": wranglerToml("other"),
  });
  const project = await loadProject(dir);
  const plan = planMesh(project, {
    dev: false,
    exports: new Map(),
    table,
    newSecret: () => "secret",
  });
  const [planned] = plan.workers;
  if (!planned) throw new Error("no Worker");
  return wovenConfig(planned, [{ name: "index.js", type: "ESModule" }], {
    outDir: path.join(dir, "a/.heddle/woven"),
    defaults: await defaultWranglerConfig(),
    scriptOf: scriptNames(project),
    tableId: "kv-id",
    buildCommand: "weave again",
    watch: [path.join(dir, "a/src")],
  });
}

const KEPT = [
  'services = [{ binding = "OTHER", service = "other" }, { binding = "MAIL", service = "mailer" }]',
  "minify = true",
  "logpush = true",
  'tsconfig = "tsconfig.build.json"',
  'compatibility_flags = ["global_fetch_strictly_public"]',
  "[vars]",
  'GREETING = "hi"',
  "[triggers]",
  'crons = ["0 * * * *"]',
  "[limits]",
  "cpu_ms = 50",
  "[observability]",
  "enabled = true",
  "head_sampling_rate = 0.5",
  "[placement]",
  'mode = "smart"',
  "[define]",
  'X = "1"',
  "[[kv_namespaces]]",
  'binding = "KV"',
  'id = "1"',
  "[[queues.consumers]]",
  'queue = "q"',
  "[[durable_objects.bindings]]",
  'name = "ROOM"',
  'class_name = "Room"',
  "[[migrations]]",
  'tag = "v1"',
  'new_sqlite_classes = ["Room"]',
  "[[d1_databases]]",
  'binding = "DB"',
  'database_id = "x"',
  'migrations_dir = "sql"',
  "[build]",
  'command = "make"',
  'watch_dir = "lib"',
];

test("a woven Worker keeps its settings, and names the woven modules", async () => {
  const { config, notes } = await configOf("a", KEPT);
  expect(notes).toEqual([]);
  expect(config).toMatchObject({
    name: "a",
    main: "heddle-entry.js",
    no_bundle: true,
    compatibility_date: "2025-06-01",
    compatibility_flags: ["global_fetch_strictly_public", "nodejs_als"],
    workers_dev: false,
    preview_urls: false,
    logpush: true,
    vars: { GREETING: "hi" },
    triggers: { crons: ["0 * * * *"] },
    limits: { cpu_ms: 50 },
    observability: { enabled: true, head_sampling_rate: 0.5 },
    placement: { mode: "smart" },
    queues: { consumers: [{ queue: "q" }] },
    durable_objects: { bindings: [{ name: "ROOM", class_name: "Room" }] },
    migrations: [{ tag: "v1", new_sqlite_classes: ["Room"] }],
    d1_databases: [{ binding: "DB", database_id: "x", migrations_dir: "../../sql" }],
    kv_namespaces: [
      { binding: "KV", id: "1" },
      { binding: "HEDDLE_TABLE", id: "kv-id" },
    ],
    build: { command: "weave again", watch_dir: ["../../src"] },
    targetEnvironment: "(top level)",
  });
  const services = config["services"] as readonly { binding: string; service: string }[];
  expect(services.map(({ binding, service }) => [binding, service])).toEqual([
    ["MAIL", "mailer"],
    ["HEDDLE", "heddle-control"],
    ["HEDDLE_PULSE", "heddle-objects"],
    ["HEDDLE_RELAY", "heddle-relay"],
    ["HEDDLE_TO_0", "other"],
  ]);
  for (const gone of ["define", "minify", "tsconfig", "configPath", "userConfigPath", "env"]) {
    expect(config).not.toHaveProperty(gone);
  }
});

test("an environment is flattened into the file, and wrangler told which one it is", async () => {
  const { config } = await configOf("{ path: a, env: staging }", [
    "[vars]",
    'A = "top"',
    "[env.staging.vars]",
    'A = "staging"',
  ]);
  expect(config).toMatchObject({
    name: "a-staging",
    topLevelName: "a",
    targetEnvironment: "staging",
    definedEnvironments: ["staging"],
    vars: { A: "staging" },
  });
});

test("the top level of a file with environments cannot be deployed as one of them", async () => {
  const { config } = await configOf("a", ["[env.staging]"]);
  expect(config).toMatchObject({ targetEnvironment: "(top level)" });
  expect(config).not.toHaveProperty("definedEnvironments");
});

test("own routes stay, with workers.dev as the user has it", async () => {
  const { config } = await configOf("a", [
    'routes = [{ pattern = "a.example", custom_domain = true }]',
    "workers_dev = true",
  ]);
  expect(config).toMatchObject({
    routes: [{ pattern: "a.example", custom_domain: true }],
    workers_dev: true,
  });
  expect(config).not.toHaveProperty("preview_urls");
});

test("a workers.dev address that was asked for is closed with a note", async () => {
  const { config, notes } = await configOf("a", ["workers_dev = true"]);
  expect(config).toMatchObject({ workers_dev: false, preview_urls: false });
  expect(notes).toEqual(["its workers.dev address is closed"]);
});

test("assets are served after the chain", async () => {
  const bare = await configOf("a", ["[assets]", 'directory = "./public"']);
  expect(bare.config["assets"]).toEqual({
    directory: "../../public",
    binding: "HEDDLE_ASSETS",
    run_worker_first: true,
  });
  const bound = await configOf("a", [
    "[assets]",
    'directory = "public"',
    'binding = "FILES"',
    'run_worker_first = ["/api/*"]',
  ]);
  expect(bound.config["assets"]).toEqual({
    directory: "../../public",
    binding: "FILES",
    run_worker_first: true,
  });
});

test("Workers Caching is turned off, with a note", async () => {
  const { config, notes } = await configOf("a", [
    "[cache]",
    "enabled = true",
    "[exports.Api]",
    'type = "worker"',
    "cache = { enabled = true }",
  ]);
  expect(config).toMatchObject({
    cache: { enabled: false },
    exports: { Api: { type: "worker", cache: { enabled: false } } },
  });
  expect(notes).toHaveLength(1);
});

test.each([
  ["2025-06-01", [], ["nodejs_als"]],
  ["2025-06-01", ["nodejs_compat"], ["nodejs_compat"]],
  ["2025-06-01", ["nodejs_als"], ["nodejs_als"]],
  ["2025-06-01", ["no_nodejs_als"], ["nodejs_als"]],
  ["2026-08-04", [], []],
  ["2026-08-04", ["no_nodejs_compat"], ["no_nodejs_compat", "nodejs_als"]],
])("AsyncLocalStorage at %s with %j: %j", async (date, flags, expected) => {
  const dir = makeProject({
    "mesh.yaml": meshYaml("workers: [a]"),
    "a/wrangler.json": JSON.stringify({
      name: "a",
      main: "a.ts",
      compatibility_date: date,
      compatibility_flags: flags,
    }),
  });
  const project = await loadProject(dir);
  const [planned] = planMesh(project, {
    dev: false,
    exports: new Map(),
    newSecret: () => "",
  }).workers;
  if (!planned) throw new Error("no Worker");
  const { config } = wovenConfig(planned, [], {
    outDir: dir,
    defaults: {},
    scriptOf: (workload) => workload,
    tableId: "",
    buildCommand: "",
    watch: [],
  });
  expect(config["compatibility_flags"]).toEqual(expected);
});

test("by hand: wrangler builds the user's own file, with bindings and the wiring as a variable", async () => {
  const { config, notes } = await configOf("{ path: a, join: hand }", KEPT);
  expect(notes).toEqual([]);
  expect(config).toMatchObject({
    main: "../../index.ts",
    tsconfig: "../../tsconfig.build.json",
    minify: true,
    define: { X: "1" },
    vars: { GREETING: "hi", HEDDLE_WIRING: { workload: "default/a", table: null } },
    build: { command: "weave again && (make)" },
  });
  expect(config).not.toHaveProperty("no_bundle");
  expect(JSON.stringify(config["services"])).toContain("HEDDLE_TO_0");
});

test("by hand: a table too large for a variable stays out, with a note", async () => {
  const { config, notes } = await configOf("{ path: a, join: hand }", [], "x".repeat(6000));
  expect(config).toMatchObject({ vars: { HEDDLE_WIRING: { table: null } } });
  expect(notes).toHaveLength(1);
});

test("by the relay: only the service bindings change", async () => {
  const { config } = await configOf("{ path: a, join: relay }", [...KEPT]);
  expect(config).toMatchObject({
    main: "../../index.ts",
    compatibility_flags: ["global_fetch_strictly_public"],
    kv_namespaces: [{ binding: "KV", id: "1" }],
    services: [
      { binding: "MAIL", service: "mailer" },
      {
        binding: "OTHER",
        service: "heddle-relay",
        entrypoint: "Relay",
        props: {
          heddle: {
            source: "default/a",
            dialled: { service: "default/other", entrypoint: null },
          },
        },
      },
    ],
  });
  expect(config).not.toHaveProperty("workers_dev");
});
