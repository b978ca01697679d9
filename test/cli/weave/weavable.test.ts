import path from "node:path";
import { describe, expect, test } from "vitest";
import { loadProject } from "../../../cli/project/load.ts";
import { WeaveError } from "../../../cli/weave/refusal.ts";
import { refuseByBuild, refuseByConfig } from "../../../cli/weave/weavable.ts";
import { makeProject, meshYaml } from "../project/temp-project.ts";

async function workerOf(config: object, join = "woven") {
  const dir = makeProject({
    "mesh.yaml": meshYaml(`workers: [{ path: a, join: ${join} }]`),
    "a/wrangler.json": JSON.stringify({
      name: "a",
      main: "index.ts",
      compatibility_date: "2025-06-01",
      ...config,
    }),
  });
  const [worker] = (await loadProject(dir)).workers;
  if (!worker) throw new Error("no Worker");
  return worker;
}

const emptyModule = (name: string) => ({ name, type: "Text" as const, path: name });

const PYTHON = { main: "index.py", compatibility_flags: ["python_workers"] };

const codeOf = (run: () => void): string | undefined => {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof WeaveError) return error.code;
    throw error;
  }
};

test.each([
  [PYTHON, "HEDDLE-W001"],
  [{ main: undefined, assets: { directory: "." } }, "HEDDLE-W003"],
  [{ compatibility_flags: ["allow_irrevocable_stub_storage"] }, "HEDDLE-W004"],
  [{ site: { bucket: "public" } }, "HEDDLE-W005"],
  [{ vars: { HEDDLE_WIRING: "x" } }, "HEDDLE-W006"],
  [{ services: [{ binding: "HEDDLE_TO_3", service: "b" }] }, "HEDDLE-W006"],
  [{ kv_namespaces: [{ binding: "HEDDLE_TABLE", id: "1" }] }, "HEDDLE-W006"],
  [{ queues: { producers: [{ binding: "HEDDLE", queue: "q" }] } }, "HEDDLE-W006"],
  [{ assets: { directory: ".", binding: "HEDDLE_ASSETS" } }, "HEDDLE-W006"],
  [{ vars: { HEDDLE_KEK: "x", HEDDLER: "y" } }, undefined],
])("%j: %s", async (config, code) => {
  const worker = await workerOf(config);
  expect(codeOf(() => refuseByConfig(worker))).toBe(code);
  const relayed = await workerOf(config, "relay");
  expect(codeOf(() => refuseByConfig(relayed))).toBeUndefined();
});

test("a build shows service-worker syntax, names that collide, and exports that cannot be read", async () => {
  const worker = await workerOf({});
  const build = (
    names: readonly string[],
    modules: readonly string[] = [],
    unread: readonly string[] = [],
  ) => codeOf(() => refuseByBuild(worker, { names, inner: [], unread }, modules.map(emptyModule)));
  expect(build(["default"], ["index.js"])).toBeUndefined();
  expect(build([])).toBe("HEDDLE-W002");
  expect(build(["default", "HeddleDev"])).toBe("HEDDLE-W006");
  expect(build(["default", "HeddleRuns"])).toBe("HEDDLE-W006");
  expect(build(["default", "HeddleFront"])).toBe("HEDDLE-W006");
  expect(build(["default"], ["heddle-boot.js"])).toBe("HEDDLE-W006");
  expect(build(["default"], [], ["node:util"])).toBe("HEDDLE-W007");
  const byHand = await workerOf({}, "hand");
  expect(
    codeOf(() => refuseByBuild(byHand, { names: [], inner: [], unread: [] }, [])),
  ).toBeUndefined();
});

describe("passThroughOnException", () => {
  const ROUTED = { routes: [{ pattern: "shop.example/*", zone_name: "shop.example" }] };
  const answers = async (text: string, config: object = ROUTED, join = "woven") => {
    const worker = await workerOf(config, join);
    const dir = makeProject({ "index.js": text });
    const module = {
      name: "index.js",
      type: "ESModule",
      path: path.join(dir, "index.js"),
    } as const;
    const exported = { names: ["default"], inner: [], unread: [] };
    return codeOf(() => refuseByBuild(worker, exported, [module]));
  };

  test.each([
    "ctx.passThroughOnException()",
    "this.ctx .passThroughOnException ( )",
    "c.executionCtx?.passThroughOnException?.()",
    'e["passThroughOnException"]()',
  ])("%s: refused where the Worker has routes of its own, also by hand", async (text) => {
    expect(await answers(text)).toBe("HEDDLE-W011");
    expect(await answers(text, ROUTED, "hand")).toBe("HEDDLE-W011");
    expect(await answers(text, { route: "shop.example/*" })).toBe("HEDDLE-W011");
    expect(await answers(text, ROUTED, "relay")).toBeUndefined();
    expect(await answers(text, {})).toBeUndefined();
  });

  test.each([
    "({ waitUntil() {}, passThroughOnException() {} })",
    "make({ passThroughOnException: ctx.passThroughOnException })",
    "ctx.passThroughOnExceptions()",
    'log("passThroughOnException")',
  ])("%s: no call", async (text) => {
    expect(await answers(text)).toBeUndefined();
  });
});

test("a refusal names the Worker, the code, the file and the mend", async () => {
  const worker = await workerOf(PYTHON);
  try {
    refuseByConfig(worker);
    expect.unreachable();
  } catch (error) {
    expect((error as WeaveError).complaints).toEqual([
      {
        message: "HEDDLE-W001: default/a cannot be woven: it is written in Python",
        where: expect.stringContaining("wrangler.json"),
        mend: "Set `join: relay` for it in mesh.yaml.",
      },
    ]);
  }
});
