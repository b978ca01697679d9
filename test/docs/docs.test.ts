// What the docs say of the code is compared with the code. To bring tables up to date: `node test/docs/update.ts`.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { parseResource } from "../../mesh/contract/resources/parse.ts";
import { readInterface } from "./interfaces.ts";
import { differences, readTables, updateTables } from "./markdown.ts";
import { readPages, root } from "./pages.ts";
import { expectedOf, sourceNames } from "./sources.ts";

const pages = readPages();
const tables = pages.flatMap(({ file, text }) =>
  readTables(text).map((table) => ({ ...table, name: `${file}:${table.line} ${table.source}` })),
);

describe("tables that restate code", () => {
  test.each(tables)("$name", (table) => {
    expect(differences(table, expectedOf(table.source))).toEqual([]);
  });

  test("every source has a table", () => {
    const used = new Set(tables.map(({ source }) => source));
    expect(sourceNames.filter((name) => !used.has(name))).toEqual([]);
  });

  test("the tables are as the updater writes them", () => {
    for (const { text } of pages) expect(updateTables(text, expectedOf)).toBe(text);
  });
});

/** Said in the text of wire.md, or in a page of their own. */
const SAID_OTHERWISE = [
  "Bypass",
  "Defaults",
  "Tracing",
  "GatewaysChunk",
  "HostChunk",
  "HeddleProps",
  "WorkloadApi",
  "PulseApi",
];

test.each(["identity", "join", "pulse", "table", "wiring"])(
  "docs/wire.md has every interface of %s.ts",
  (name) => {
    const file = `mesh/contract/${name}.ts`;
    const source = readFileSync(path.join(root, file), "utf8");
    const interfaces = [...source.matchAll(/^export interface (\w+)/gm)].map(
      ([, found = ""]) => found,
    );
    const used = new Set(tables.map((table) => table.source));
    const missing = interfaces.filter(
      (found) => !SAID_OTHERWISE.includes(found) && !used.has(`interface ${file} ${found}`),
    );
    expect(missing).toEqual([]);
  },
);

const anchorsOf = (text: string): Set<string> =>
  new Set(
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
      title
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    ),
  );

test.each(pages)("links of $file lead somewhere", ({ file, text }) => {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, "");
  for (const [, target = ""] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(target)) continue;
    const [to = "", anchor] = target.split("#");
    const other = to === "" ? file : path.join(path.dirname(file), to);
    expect(existsSync(path.join(root, other)), `${file}: ${target}`).toBe(true);
    if (anchor === undefined) continue;
    const page = readFileSync(path.join(root, other), "utf8");
    expect([...anchorsOf(page)], `${file}: ${target}`).toContain(anchor);
  }
});

test("the README's commands are scripts of package.json", () => {
  const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  for (const { text } of pages) {
    for (const [, name = ""] of text.matchAll(/\bnpm (?:run )?(start|test|(?<=run )[\w:]+)/g)) {
      expect(Object.keys(scripts)).toContain(name);
    }
  }
});

test("resources in the docs and in the shop are valid", () => {
  const readme = pages.find(({ file }) => file === "README.md")?.text ?? "";
  const snippets = [...readme.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => text);
  const files = [
    "mesh.yaml",
    "mesh/gateway.yaml",
    "mesh/reviews.yaml",
    "try/reviews-half.yaml",
    "try/reviews-tester.yaml",
  ];
  const shop = files.map((file) => readFileSync(path.join(root, "workers/shop", file), "utf8"));
  const documents = [...snippets, ...shop].flatMap((text) =>
    parseAllDocuments(text).map((document) => document.toJS() as unknown),
  );
  expect(documents.length).toBeGreaterThan(7);
  for (const document of documents) expect(parseResource(document)).toMatchObject({ ok: true });
});

describe("how tables are read and compared", () => {
  const page = [
    "<!-- from code: x -->",
    "| a | b |",
    "| --- | --- |",
    "| `1` | one \\| eins |",
    "",
    "| no | marker |",
  ].join("\n");
  const expected = { columns: ["a"], rows: [["`1`"]] };

  test("a marked table is read, another one is not", () => {
    expect(readTables(page)).toEqual([
      { source: "x", line: 1, header: ["a", "b"], rows: [["`1`", "one | eins"]] },
    ]);
  });

  test("rows that are missing, too many, out of order or unfinished are seen", () => {
    const [table] = readTables(page);
    expect(differences(table!, expected)).toEqual([]);
    expect(differences(table!, { columns: ["c"], rows: [["`1`"]] })[0]).toContain("columns");
    expect(differences(table!, { columns: ["a"], rows: [["`1`"], ["`2`"]] })).toEqual([
      "missing: `2`",
    ]);
    expect(differences(table!, { columns: ["a"], rows: [] })).toEqual(["too much: `1`"]);
    const two = {
      ...table!,
      rows: [
        ["`2`", "x"],
        ["`1`", "TODO"],
      ],
    };
    const said = differences(two, { columns: ["a"], rows: [["`1`"], ["`2`"]] });
    expect(said).toEqual(["another order", "incomplete: `1` | TODO"]);
  });

  test("the updater keeps what people wrote", () => {
    const more = { columns: ["a"], rows: [["`0`"], ["`1`"]] };
    const updated = updateTables(page, () => more);
    expect(updated).toContain("| `0` | TODO |\n| `1` | one \\| eins |\n\n| no | marker |");
  });

  test("members of an interface are read from its source", () => {
    const source = `export interface Thing {
  /** A comment; with a semicolon. */
  readonly a: readonly { readonly b: string; readonly c: number }[];
  d?: string | null;
  run(x: number, y?: string): Promise<void>;
}`;
    expect(readInterface(source, "Thing")).toEqual([
      { name: "a", isOptional: false, type: "{ b: string; c: number }[]" },
      { name: "d", isOptional: true, type: "string | null" },
      { name: "run", isOptional: false, type: "(x: number, y?: string) => Promise<void>" },
    ]);
  });
});
