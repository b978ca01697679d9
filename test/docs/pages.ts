// Lists the pages of the documentation: README.md and everything below docs/.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../../", import.meta.url));

export interface Page {
  /** From the root of the checkout. */
  readonly file: string;
  readonly text: string;
}

export function readPages(): Page[] {
  const below = readdirSync(path.join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => path.join("docs", file));
  return ["README.md", ...below.toSorted()].map((file) => ({
    file,
    text: readFileSync(path.join(root, file), "utf8"),
  }));
}
