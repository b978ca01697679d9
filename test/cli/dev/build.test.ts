// Building a user's Worker: wrangler's own output, built again only when something it read has changed.
import { mkdir, mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildWorker, closeBuilders, type BuiltWorker } from "../../../cli/dev/build.ts";
import { runDryRun } from "../../../cli/dev/build-command.ts";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "heddle-build-"));
});
afterAll(async () => {
  await closeBuilders();
  await rm(dir, { recursive: true, force: true });
});

/** Writes files a moment ago: what changes while a build runs is not cached. */
async function write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  const past = new Date(Date.now() - 2000);
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(dir, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
    await utimes(file, past, past);
  }
}

const build = async (name: string, config = "wrangler.toml", env?: string): Promise<BuiltWorker> =>
  await buildWorker(path.join(dir, name, config), {
    env,
    outDir: path.join(dir, ".heddle/build", name),
  });

const settings = (name: string, more = ""): string =>
  `name = "${name}"\nmain = "src/index.ts"\ncompatibility_date = "2026-09-01"\n${more}`;

async function writeCart(): Promise<void> {
  await write({
    "cart/wrangler.toml": settings(
      "cart",
      `[define]\nWHO = '"defined"'\n[alias]\n"price" = "./src/price.ts"\n` +
        `[[rules]]\ntype = "Text"\nglobs = ["**/*.tmpl"]\nfallthrough = true\n[env.stage]\n`,
    ),
    "cart/src/index.ts":
      `import { price } from "price";\nimport { tax } from "../../shared/tax.ts";\nimport text from "./a.txt";\n` +
      `import page from "./b.tmpl";\nimport data from "./c.bin";\ndeclare const WHO: string;\n` +
      `export class Obj {}\nexport default { fetch: () => Response.json([price, tax, text, page, data, WHO]) };\n`,
    "cart/src/price.ts": `export const price: number = 3;\n`,
    "cart/src/a.txt": "text",
    "cart/src/b.tmpl": "page",
    "cart/src/c.bin": Uint8Array.of(1, 2, 3),
    "shared/tax.ts": `export const tax: number = 7;\n`,
  });
}

test("gives what wrangler deploy would upload, and leaves nothing else behind", async () => {
  await writeCart();
  const built = await build("cart");
  expect(built).toMatchObject({ isCached: false, uncacheable: undefined, warnings: "" });
  expect(
    built.modules.map(({ name, type }) => `${name.replace(/^[0-9a-f]{40}-/, "")} ${type}`).sort(),
  ).toEqual(["a.txt Text", "b.tmpl Text", "c.bin Data", "index.js ESModule"]);
  expect(built.main).toBe(path.join(dir, ".heddle/build/cart/index.js"));
  expect(built.modules[0]?.path).toBe(built.main);

  const plain = path.join(dir, ".heddle/plain");
  const { code } = await runDryRun({
    configPath: path.join(dir, "cart/wrangler.toml"),
    env: "",
    outDir: plain,
    metafile: path.join(dir, ".heddle/plain.json"),
    cacheDir: path.join(dir, ".heddle/build/.cache"),
    isVerbose: false,
  });
  expect(code).toBe(0);
  expect(await readFile(built.main)).toEqual(await readFile(path.join(plain, "index.js")));
  const map = JSON.parse(await readFile(`${built.main}.map`, "utf8")) as {
    sourceRoot: string;
    sources: string[];
  };
  expect(map.sources.map((source) => path.resolve(map.sourceRoot, source))).toContain(
    path.join(dir, "cart/src/index.ts"),
  );
  expect((await readdir(path.join(dir, ".heddle/build"))).sort()).toEqual([".cache", "cart"]);
  expect((await readdir(path.join(dir, "cart"))).sort()).toEqual([
    ".wrangler",
    "src",
    "wrangler.toml",
  ]);
}, 20_000);

test("builds again when an input, a name or the environment changes, and not otherwise", async () => {
  await writeCart();
  await build("cart");
  const isFresh = async (env?: string): Promise<boolean> =>
    !(await build("cart", undefined, env)).isCached;
  expect(await isFresh()).toBe(false);
  const changes: Readonly<Record<string, string>> = {
    "cart/src/price.ts": `export const price = 4;`,
    "shared/tax.ts": `export const tax = 8;`,
    "cart/src/a.txt": "other",
    "cart/src/price.js": "// could be what an import finds",
    "shared/tax.js": "// so could this",
    "cart/tsconfig.json": "{}",
    "cart/wrangler.toml": `${await readFile(path.join(dir, "cart/wrangler.toml"), "utf8")}\n`,
  };
  for (const [name, content] of Object.entries(changes)) {
    await write({ [name]: content });
    expect([name, await isFresh(), await isFresh()]).toEqual([name, true, false]);
  }
  expect(await isFresh("stage")).toBe(true);
  const built = await build("cart", undefined, "stage");
  expect(built.isCached).toBe(true);
  expect(built.inputs).toEqual(
    expect.arrayContaining(
      ["cart/src/a.txt", "cart/src/price.ts", "shared/tax.ts"].map((name) => path.join(dir, name)),
    ),
  );
}, 20_000);

test("does not follow the redirect that weaving writes", async () => {
  await write({
    "woven/wrangler.toml": settings("woven"),
    "woven/src/index.ts": "export default {};",
    "woven/.wrangler/deploy/config.json": `{"configPath":"../../elsewhere.json"}`,
    "woven/elsewhere.json": `{"name":"elsewhere","main":"nope.js"}`,
  });
  expect((await build("woven")).modules).toHaveLength(1);
});

test("a Worker that is not bundled keeps its modules and their names", async () => {
  await write({
    "plain/wrangler.toml": `name = "plain"\nmain = "index.mjs"\nno_bundle = true\ncompatibility_date = "2026-09-01"\n`,
    "plain/index.mjs": `import { a } from "./lib/a.js"; export default { fetch: () => new Response(a) };`,
    "plain/lib/a.js": `export const a = "a";`,
  });
  const config = path.join(dir, "plain/wrangler.toml");
  await write({
    "plain/wrangler.toml": `${await readFile(config, "utf8")}rules = [{ type = "ESModule", globs = ["lib/*.js"] }]\n`,
  });
  const built = await build("plain");
  expect(built.modules.map(({ name }) => name)).toEqual(["index.mjs", "lib/a.js"]);
  expect((await build("plain")).isCached).toBe(true);
  await write({ "plain/lib/a.js": `export const a = "b";` });
  expect((await build("plain")).isCached).toBe(false);
});

test("a build command of the user's runs, and runs each time", async () => {
  await write({
    "custom/wrangler.toml": settings(
      "custom",
      `[build]\ncommand = "mkdir -p src && echo 'export default {}' > src/index.ts"\n`,
    ),
    "custom/marker": "",
  });
  for (const isCached of [false, false]) {
    expect(await build("custom")).toMatchObject({
      isCached,
      uncacheable: "it has a build command of its own",
    });
  }
}, 20_000);

const wrong: readonly [string, Readonly<Record<string, string>>, object][] = [
  [
    "a syntax error",
    { "src/index.ts": "export default {};\nconst = 3;\n" },
    { message: 'Expected identifier but found "="', where: "src/index.ts:2:7" },
  ],
  [
    "an import that leads nowhere",
    { "src/index.ts": 'import "./nope.ts";\nexport default {};\n' },
    { message: 'Could not resolve "./nope.ts"', where: "src/index.ts:1:8" },
  ],
  [
    "an object that is not exported",
    {
      "wrangler.toml": settings(
        "w",
        '[[durable_objects.bindings]]\nname = "A"\nclass_name = "Absent"\n',
      ),
    },
    {
      message: expect.stringContaining("not exported in your entrypoint file: Absent"),
      where: "wrangler.toml",
    },
  ],
  [
    "a wrangler file that is no TOML",
    { "wrangler.toml": "name = = 3\n" },
    { message: expect.stringContaining("Invalid TOML"), where: "wrangler.toml:1:8" },
  ],
  [
    "a wrangler file with a wrong value",
    { "wrangler.toml": settings("w").replace('"2026-09-01"', "3") },
    {
      message: expect.stringContaining('Expected "compatibility_date" to be of type string'),
      where: "wrangler.toml",
    },
  ],
  [
    "a build command that fails",
    { "wrangler.toml": settings("w", '[build]\ncommand = "echo no luck; exit 3"\n') },
    {
      message: expect.stringMatching(/no luck\nRunning custom build `echo no luck; exit 3` failed/),
      where: "wrangler.toml",
    },
  ],
];
test.each(wrong)(
  "%s is told with its place, and the last build stays",
  async (_, files, complaint) => {
    await rm(path.join(dir, "w"), { recursive: true, force: true });
    await write({ "w/wrangler.toml": settings("w"), "w/src/index.ts": "export default {};" });
    const { main } = await build("w");
    await write(
      Object.fromEntries(Object.entries(files).map(([name, content]) => [`w/${name}`, content])),
    );
    const { where } = complaint as { where: string };
    const at = path.relative(process.cwd(), path.join(dir, "w", where));
    await expect(build("w")).rejects.toMatchObject({ complaints: [{ ...complaint, where: at }] });
    expect((await stat(main)).isFile()).toBe(true);
  },
  20_000,
);
