// Owns the forms data is printed in. One value per command; tables are for people, the rest for scripts.
import type { Io } from "../io.ts";

export type Form = "table" | "json" | "yaml" | "name";

/** Something to print: its data, its rows, its names. */
export interface Printable {
  readonly data: unknown;
  /** Lines for people, as rows of cells. */
  readonly rows: readonly (readonly string[])[];
  readonly names: readonly string[];
}

/** Writes a value to stdout in the form asked for. */
export async function print(io: Pick<Io, "out">, form: Form, value: Printable): Promise<void> {
  switch (form) {
    case "json":
      io.out(`${JSON.stringify(value.data, null, 2)}\n`);
      return;
    case "yaml": {
      const { stringify } = await import("yaml");
      io.out(stringify(value.data));
      return;
    }
    case "name":
      io.out(value.names.map((name) => `${name}\n`).join(""));
      return;
    case "table":
      io.out(toTable(value.rows));
  }
}

/** Cells in columns, two blanks apart; the last column is not padded. */
export function toTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
    }
  }
  return rows
    .map((row) => {
      const cells = row.map((cell, index) =>
        index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0),
      );
      return `${cells.join("  ").trimEnd()}\n`;
    })
    .join("");
}
