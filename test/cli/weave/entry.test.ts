import { init, parse } from "es-module-lexer";
import { expect, test } from "vitest";
import { bootModule, entryModule, handModule, systemEntry } from "../../../cli/weave/entry.ts";

const entry = (exports: readonly string[], isDev = false, hasDevModule = false): string =>
  entryModule({ main: "index.js", exports, isDev, hasDevModule, hasAssets: false });

async function exportsOf(text: string): Promise<readonly string[]> {
  await init();
  return parse(text)[1].map((found) => (found.type === "reexport-all" ? "*" : found.name));
}

test("every export is woven, none stays open", async () => {
  const names = ["Cart", "default", "a-b", "λ", "$x_1", 'quo"te'];
  const text = entry(names);
  expect(await exportsOf(text)).toEqual(names);
  expect(text).not.toContain("export *");
  expect(text).toContain('const w2 = runtime.weave("a-b", user["a-b"]);\nexport { w2 as "a-b" };');
  expect(text).toContain('const w5 = runtime.weave("quo\\"te", user["quo\\"te"]);');
  expect(text.match(/runtime\.weave\(/g)).toHaveLength(names.length);
});

test("the boot is imported before the user's module", () => {
  const text = entry(["default"], true, true);
  expect(text.split("\n")).toEqual([
    'import { runtime } from "./heddle-boot.js";',
    'import { watch, HeddleRuns } from "./heddle-dev.js";',
    "export { HeddleRuns };",
    'import * as user from "./index.js";',
    "watch(user);",
    'export default runtime.weave("default", user.default);',
    "export const HeddleDev = runtime.dev;",
    "",
  ]);
  expect(bootModule()).toContain("start(env, wiring)");
});

test("a Worker with static assets shows its default export by a name, too", async () => {
  const given = { main: "i.js", exports: ["Api", "default"], hasAssets: true };
  expect(await exportsOf(entryModule({ ...given, isDev: false, hasDevModule: false }))).toEqual([
    "Api",
    "default",
    "HeddleFront",
  ]);
  expect(await exportsOf(handModule(given))).toEqual(["*", "default", "HeddleFront", "HeddleDev"]);
});

test("outside dev nothing is added to the exports", async () => {
  expect(await exportsOf(entry(["Api"]))).toEqual(["Api"]);
});

test("in dev a Worker that joins by hand exports what it did, and how dev reaches its mesh", async () => {
  const withDefault = handModule({
    main: "src/index.js",
    exports: ["default", "Api"],
    hasAssets: false,
  });
  expect(await exportsOf(withDefault)).toEqual(["*", "default", "HeddleDev"]);
  expect(withDefault).toContain('export * from "./src/index.js";');
  expect(await exportsOf(handModule({ main: "i.js", exports: ["Api"], hasAssets: true }))).toEqual([
    "*",
    "HeddleDev",
  ]);
});

test("the mesh's own Workers read their wiring before their code runs", () => {
  expect(systemEntry("../index.ts").split("\n")[0]).toBe('import "./heddle-boot.js";');
});
