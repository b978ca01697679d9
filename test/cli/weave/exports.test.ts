import path from "node:path";
import { expect, test } from "vitest";
import type { WranglerConfig } from "../../../cli/project/wrangler-config.ts";
import { readExports, toEntrypoints } from "../../../cli/weave/exports.ts";
import { makeProject } from "../project/temp-project.ts";

async function exportsOf(files: Readonly<Record<string, string>>) {
  const dir = makeProject(files);
  return await readExports({
    main: path.join(dir, "index.js"),
    modules: Object.keys(files).map((name) => ({
      name,
      type: name.endsWith(".js") ? "ESModule" : "Text",
      path: path.join(dir, name),
    })),
  });
}

const config = (more: Partial<WranglerConfig>): WranglerConfig => ({
  name: "me",
  compatibility_flags: [],
  build: {},
  durable_objects: { bindings: [] },
  ...more,
});

test("exports are read from the built module, whatever their form", async () => {
  const { names } = await exportsOf({
    "index.js":
      'var a = {}; class B {} function c() {}\nexport { a as default, B, c as "c-d" };\nexport const e = 1, f = 2;\nexport * as g from "cloudflare:workers";',
  });
  expect(names).toEqual(["default", "B", "c-d", "e", "f", "g"]);
});

test("export * is followed through the Worker's own modules, without their default", async () => {
  const found = await exportsOf({
    "index.js": 'export * from "./lib/a.js"; export * from "node:util"; export default {};',
    "lib/a.js":
      'export const A = 1; export default 3; export * from "../index.js"; export * from "./b.js";',
    "lib/b.js": "export const B = 1;",
  });
  expect([...found.names].sort()).toEqual(["A", "B", "default"]);
  expect(found.unread).toEqual(["node:util"]);
});

test("a module without exports is service-worker syntax", async () => {
  expect((await exportsOf({ "index.js": 'addEventListener("fetch", () => {});' })).names).toEqual(
    [],
  );
});

test("classes that a binding cannot name are no entrypoints", async () => {
  const found = await exportsOf({
    "index.js": `
      import { WorkerEntrypoint, RpcTarget as RpcTarget2, DurableObject } from "cloudflare:workers";
      var Api = class extends WorkerEntrypoint { };
      var Sub = class _Sub extends Api { };
      var Quote = class extends RpcTarget2 { };
      var Deep = class extends Quote { };
      var Plain = class { };
      class Room extends DurableObject { }
      var Mixed = mixin(class { });
      var Unknown = class extends imported(3) { };
      var config = { };
      export { Api, Sub, Quote, Deep, Plain, Room, Mixed, Unknown, config };
      export default class extends WorkerEntrypoint { }`,
  });
  expect(found.inner).toEqual(["Quote", "Deep", "Plain", "Room"]);
  expect(toEntrypoints(found, config({}))).toEqual([
    "Api",
    "Sub",
    "Mixed",
    "Unknown",
    "config",
    "",
  ]);
});

test("classes the wrangler file makes objects or workflows are no entrypoints", () => {
  const names = ["default", "A", "B", "C", "D", "E", "F"];
  const found = toEntrypoints(
    { names, inner: [], unread: [] },
    config({
      migrations: [{ new_sqlite_classes: ["A"] }, { renamed_classes: [{ to: "B" }] }],
      durable_objects: {
        bindings: [
          { name: "X", class_name: "C" },
          { name: "Y", class_name: "F", script_name: "other" },
        ],
      },
      workflows: [{ class_name: "D" }],
      exports: { E: { type: "durable-object" }, F: { type: "worker" } },
    }),
  );
  expect(found).toEqual(["", "F"]);
});
