// `npm run scale`: writes the table of docs/scale.md anew; `--print` only shows it.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { HEAD, ROWS, rowOf } from "./scale-table.ts";

const PAGE = path.join(import.meta.dirname, "../../docs/scale.md");
const TABLE = /^\| isolates [^]*?\n(?!\|)/m;

const lines: string[] = [];
for (const [isolates, rate] of ROWS) {
  const line = rowOf(isolates, rate);
  process.stderr.write(`${line}\n`);
  lines.push(line);
  // Both ways where both are possible.
  if (isolates === 2000 && rate === 20) lines.push(rowOf(isolates, rate, true));
}
const table = `${HEAD}\n${lines.join("\n")}\n`;
if (process.argv.includes("--print")) process.stdout.write(table);
else writeFileSync(PAGE, readFileSync(PAGE, "utf8").replace(TABLE, table));
