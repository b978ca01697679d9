// Brings every table of the docs that restates code up to date: `node test/docs/update.ts`.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { updateTables } from "./markdown.ts";
import { readPages, root } from "./pages.ts";
import { expectedOf } from "./sources.ts";

for (const { file, text } of readPages()) {
  const updated = updateTables(text, expectedOf);
  if (updated === text) continue;
  writeFileSync(path.join(root, file), updated);
  console.log(`updated ${file}`);
}
