// Reads and writes the tables of a Markdown page that restate code: those below `<!-- from code: SOURCE -->`.

export interface Table {
  /** What stands in the marker. */
  readonly source: string;
  /** Line of the marker, from 1. */
  readonly line: number;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What a source says a table must hold: its first columns, row by row. */
export interface Expected {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Written where a new row needs a text; the test refuses it. */
const MISSING = "TODO";
const MARKER = /^<!-- from code: (.+?) -->$/;

/** Every marked table of a page; a marker without a table below it has an empty header. */
export function readTables(page: string): Table[] {
  const lines = page.split("\n");
  return lines.flatMap((text, index) => {
    const source = MARKER.exec(text)?.[1];
    if (source === undefined) return [];
    const [header = [], , ...rows] = tableAt(lines, index + 1).map(readRow);
    return [{ source, line: index + 1, header, rows }];
  });
}

/** The page with each marked table brought up to date; columns behind the expected ones keep their text. */
export function updateTables(page: string, expectedOf: (source: string) => Expected): string {
  const lines = page.split("\n");
  const out: string[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const text = lines[index] ?? "";
    out.push(text);
    const source = MARKER.exec(text)?.[1];
    if (source === undefined) continue;
    const old = tableAt(lines, index + 1);
    out.push(...newTable(old.map(readRow), expectedOf(source)));
    index += old.length;
  }
  return out.join("\n");
}

/** How a table differs from what its source says, as sentences; empty when it does not. */
export function differences(table: Table, expected: Expected): string[] {
  const width = expected.columns.length;
  const said: string[] = [];
  if (!isSame(table.header.slice(0, width), expected.columns)) {
    said.push(`columns are ${table.header.join(" | ")}, not ${expected.columns.join(" | ")}`);
  }
  const rows = table.rows.map((row) => row.slice(0, width));
  for (const row of expected.rows) {
    if (!rows.some((other) => isSame(row, other))) said.push(`missing: ${row.join(" | ")}`);
  }
  for (const row of rows) {
    if (!expected.rows.some((other) => isSame(row, other)))
      said.push(`too much: ${row.join(" | ")}`);
  }
  if (said.length === 0 && !isSame(firsts(rows), firsts(expected.rows))) said.push("another order");
  for (const row of table.rows) {
    const isWhole =
      row.length === table.header.length && row.every((cell) => cell !== "" && cell !== MISSING);
    if (!isWhole) said.push(`incomplete: ${row.join(" | ")}`);
  }
  return said;
}

/** Text as inline code. */
export const code = (text: string | number): string => `\`${text}\``;

function tableAt(lines: readonly string[], start: number): string[] {
  const end = lines.findIndex((text, index) => index >= start && !text.startsWith("|"));
  return lines.slice(start, end < 0 ? lines.length : end);
}

/** Cells of one line; `\|` is a bar inside a cell. */
function readRow(text: string): string[] {
  const cells = text
    .replace(/^\|/, "")
    .replace(/\|\s*$/, "")
    .split(/(?<!\\)\|/);
  return cells.map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function newTable(old: readonly (readonly string[])[], expected: Expected): string[] {
  const width = expected.columns.length;
  const [oldHeader = [], , ...oldRows] = old;
  const free = oldHeader.slice(width);
  const kept = new Map(oldRows.map((row) => [keyOf(row), row.slice(width)]));
  const cells = (row: readonly string[]): string[] => [
    ...row,
    ...free.map((_, index) => kept.get(keyOf(row))?.[index] ?? MISSING),
  ];
  const header = [...expected.columns, ...free];
  return [header, header.map(() => "---"), ...expected.rows.map(cells)].map(writeRow);
}

const writeRow = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;

/** Rows are told apart by their first cell, numbered ones by their second. */
const keyOf = ([first = "", second = ""]: readonly string[]): string =>
  /^\d+$/.test(first) ? second : first;

const firsts = (rows: readonly (readonly string[])[]): readonly string[] =>
  rows.map(([first = ""]) => first);

const isSame = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((cell, index) => cell === right[index]);
