import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { init, parse } from "es-module-lexer";
import { describe, expect, test } from "vitest";
import { OWN_NAMES } from "../../cli/bundle-diet.ts";
import { WOVEN_FILES } from "../../cli/weave/weavable.ts";
import {
  bundleDataPlane,
  GOAL_BYTES,
  LATE_BYTES,
  PROVED_BYTES,
  type BundleOptions,
} from "../../cli/bundle.ts";
import { ISOLATE } from "../../mesh/contract/join.ts";
import { LOG_FIELDS } from "../../mesh/contract/telemetry.ts";
import { makeProject } from "./project/temp-project.ts";

const root = path.resolve(import.meta.dirname, "../..");

const ALL = {
  routes: true,
  assets: true,
  objects: true,
  classes: true,
  dev: true,
  exports: true,
  importedExports: true,
  queues: true,
};

const LATE = `./${WOVEN_FILES.late}`;

type Parsed = ReturnType<typeof parse>;

/** What is not the platform's, each once, and whether it is imported when the code comes to it. */
const ownImports = ([imports]: Parsed): readonly (readonly [string, boolean])[] => {
  const own = imports
    .map(({ specifier, type }) => [specifier ?? "", type === "dynamic"] as const)
    .filter(([name]) => !/^(cloudflare|node):/.test(name));
  return [...new Map(own)];
};

const namesOf = ([, exports]: Parsed): readonly string[] =>
  exports.map((found) => ("name" in found ? found.name : "*")).toSorted();

describe.each([{}, ALL])("the data plane with %j", (parts) => {
  test("is a module that imports the platform, and its late part when that is needed", async () => {
    const cacheDir = makeProject({});
    const { text, file, late, proved } = await bundleDataPlane({ cacheDir, parts });
    await init();
    const [first, second] = [parse(text), parse(late)];
    expect(ownImports(first)).toEqual([[LATE, true]]);
    expect(namesOf(first)).toEqual(["start"]);
    expect(ownImports(second)).toEqual([[`./${WOVEN_FILES.proved}`, true]]);
    const third = parse(proved);
    expect(ownImports(third)).toEqual([]);
    expect(namesOf(third)).toEqual(["createProved"]);
    expect(namesOf(second)).toEqual(["follow", "guard", "late", "watchSocket", "wrongCount"]);
    expect(path.dirname(file)).toBe(cacheDir);
  });

  test("leaves out what is said of filters", async () => {
    const { text, late } = await bundleDataPlane({ cacheDir: makeProject({}), parts });
    expect(text + late).not.toMatch(/\bdoc:|\bafter:|name:"(?:observe|prove|replay)"/);
  });
});

test("the data plane is no larger than it may be", async () => {
  const cacheDir = makeProject({});
  const size = async (parts: BundleOptions["parts"] = {}): Promise<number> =>
    Buffer.byteLength((await bundleDataPlane({ cacheDir, parts })).text);
  const ordinary = await size();
  const whole = await bundleDataPlane({ cacheDir });
  const [late, proved] = [Buffer.byteLength(whole.late), Buffer.byteLength(whole.proved)];
  const more = Object.keys(ALL).map(
    async (part) => `${part} +${(await size({ [part]: true })) - ordinary}`,
  );
  console.log(
    `heddle.js: ${ordinary} of ${GOAL_BYTES} bytes; ${(await Promise.all(more)).join(", ")}; late part: ${late} of ${LATE_BYTES}; proved: ${proved} of ${PROVED_BYTES}`,
  );
  expect(proved).toBeLessThanOrEqual(PROVED_BYTES);
  expect(late).toBeLessThanOrEqual(LATE_BYTES);
  expect(ordinary).toBeLessThanOrEqual(GOAL_BYTES);
});

test.each([
  ["routes", "SameSite=Lax"],
  ["assets", "sec-fetch-mode"],
  ["objects", "heddleCall"],
  ["dev", "counts(){"],
  ["queues", "heddle.within"],
])("a Worker carries what %s take only where it has some", async (part, mark) => {
  const cacheDir = makeProject({});
  expect((await bundleDataPlane({ cacheDir })).text).not.toContain(mark);
  expect((await bundleDataPlane({ cacheDir, parts: { [part]: true } })).text).toContain(mark);
});

test("it is built once for the same sources and constants", async () => {
  const cacheDir = makeProject({});
  const first = await bundleDataPlane({ cacheDir });
  writeFileSync(first.file, "cached");
  expect((await bundleDataPlane({ cacheDir })).text).toBe("cached");
  const other = await bundleDataPlane({ cacheDir, define: { HEDDLE_TEST: "1" } });
  expect(other.file).not.toBe(first.file);
  expect(readdirSync(cacheDir)).toHaveLength(6);
});

describe("names that are abbreviated", () => {
  const below = (dir: string): readonly string[] =>
    readdirSync(path.join(root, dir), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => readFileSync(path.join(root, dir, name), "utf8"));
  const membersIn = (text: string): readonly string[] =>
    [...text.matchAll(/^\s*(?:(?:readonly|static|get|set) )*"?(\w+)"?\??\s*[(:<]/gm)].map(
      ([, name]) => name ?? "",
    );

  test("are listed once, in order", () => {
    expect(OWN_NAMES).toEqual([...new Set(OWN_NAMES)].toSorted());
  });

  test("are on no object that leaves the isolate or comes from outside", () => {
    const wire = ["identity", "join", "policy", "pulse", "table", "telemetry", "wiring"].map(
      (name) => readFileSync(path.join(root, `mesh/contract/${name}.ts`), "utf8"),
    );
    const members = new Set(wire.flatMap(membersIn));
    expect(OWN_NAMES.filter((name) => members.has(name))).toEqual([ISOLATE]);
  });

  test("are in no JSON, and what is told of an isolate is told by its name", async () => {
    const { late } = await bundleDataPlane({ cacheDir: makeProject({}) });
    const isIn = (whole: string, field: string): boolean =>
      new RegExp(`\\b${field}\\b`).test(whole);
    expect(Object.values(LOG_FIELDS).filter((field) => !isIn(late, field))).toEqual([]);
    expect(OTLP_FIELDS.filter((field) => !isIn(late, field))).toEqual([]);
    const told = below("mesh/platform").flatMap(
      (source) => source.match(/\{ ?format: \w+_FORMAT,.*/g) ?? [],
    );
    expect(told).toHaveLength(3);
    for (const line of told) expect(line).toContain("[ISOLATE]: ");
  });

  test("are never looked up as strings", () => {
    const texts = [...below("mesh/weave"), ...below("mesh/platform"), ...below("mesh/pipeline")];
    const strings = texts.flatMap((text) =>
      [...text.matchAll(/(?:get\(\w+, |hasOwn\(\w+, )"(\w+)"/g)].map(([, name]) => name),
    );
    expect(OWN_NAMES.filter((name) => strings.includes(name))).toEqual([]);
  });

  test("are on no object of the platform that the data plane holds", () => {
    const declared = readFileSync(
      path.join(root, "node_modules/@cloudflare/workers-types/index.d.ts"),
      "utf8",
    );
    const members = new Set(HELD.flatMap((name) => membersIn(blockOf(declared, name))));
    expect(members.has("waitUntil")).toBe(true);
    expect(OWN_NAMES.filter((name) => members.has(name))).toEqual([]);
  });
});

/** Of an export in OTLP's JSON. */
const OTLP_FIELDS = [
  "resourceSpans",
  "resource",
  "scopeSpans",
  "scope",
  "spans",
  "traceId",
  "spanId",
  "parentSpanId",
  "traceState",
  "flags",
  "kind",
  "startTimeUnixNano",
  "endTimeUnixNano",
  "attributes",
  "status",
  "code",
];

/** Types of the platform whose objects the data plane reads or makes. */
const HELD = [
  "AbortSignal",
  "Body",
  "Crypto",
  "DurableObjectId",
  "DurableObjectState",
  "ExecutionContext",
  "Headers",
  "KVNamespace",
  "ReadableStream",
  "RequestInit",
  "RequestInitCfProperties",
  "Response",
  "ResponseInit",
  "SubtleCrypto",
  "URL",
  "WebSocket",
];

function blockOf(text: string, name: string): string {
  const block = new RegExp(
    `^(?:declare |export )*(?:abstract )?(?:interface|class|type) ${name}\\b[^\\n]*\\{\\n([\\s\\S]*?)^\\}`,
    "m",
  ).exec(text);
  if (block === null) throw new Error(`${name} is not declared as expected`);
  return block[1] ?? "";
}
