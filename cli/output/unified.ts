// Owns unified output of two texts (as diff -u prints it), by lines.

/** How many equal lines are shown around a change. */
const CONTEXT = 3;

interface Line {
  readonly sign: " " | "-" | "+";
  readonly text: string;
}

/** The hunks between two texts under the names they are known by; empty when they are equal. */
export function unified(before: string, after: string, from: string, to: string): string {
  if (before === after) return "";
  const lines = compared(linesOf(before), linesOf(after));
  const hunks = hunksOf(lines).map((hunk) => hunkText(lines, hunk));
  return `--- ${from}\n+++ ${to}\n${hunks.join("")}`;
}

/** Lines end with a newline; a text of none has none. */
const linesOf = (text: string): readonly string[] =>
  text === "" ? [] : text.replace(/\n$/, "").split("\n");

/** Equal lines are those of a longest common subsequence. */
function compared(before: readonly string[], after: readonly string[]): readonly Line[] {
  const lengths = before.map(() => Array.from({ length: after.length + 1 }, () => 0));
  lengths.push(Array.from({ length: after.length + 1 }, () => 0));
  const at = (row: number, column: number): number => lengths[row]?.[column] ?? 0;
  for (let row = before.length - 1; row >= 0; row--) {
    for (let column = after.length - 1; column >= 0; column--) {
      const isSame = before[row] === after[column];
      const target = lengths[row];
      if (target)
        target[column] = isSame
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  return walked(before, after, at);
}

function walked(
  before: readonly string[],
  after: readonly string[],
  at: (row: number, column: number) => number,
): readonly Line[] {
  const lines: Line[] = [];
  let [row, column] = [0, 0];
  while (row < before.length || column < after.length) {
    const [left, right] = [before[row], after[column]];
    if (left !== undefined && left === right) {
      lines.push({ sign: " ", text: left });
      row += 1;
      column += 1;
    } else if (
      right === undefined ||
      (left !== undefined && at(row + 1, column) >= at(row, column + 1))
    ) {
      lines.push({ sign: "-", text: left ?? "" });
      row += 1;
    } else {
      lines.push({ sign: "+", text: right });
      column += 1;
    }
  }
  return lines;
}

function hunksOf(lines: readonly Line[]): readonly (readonly [number, number])[] {
  const hunks: [number, number][] = [];
  for (const [index, { sign }] of lines.entries()) {
    if (sign === " ") continue;
    const last = hunks.at(-1);
    const end = Math.min(lines.length, index + CONTEXT + 1);
    if (last && index - CONTEXT <= last[1]) last[1] = end;
    else hunks.push([Math.max(0, index - CONTEXT), end]);
  }
  return hunks;
}

function hunkText(lines: readonly Line[], [start, end]: readonly [number, number]): string {
  const count = (some: readonly Line[], other: "+" | "-"): number =>
    some.filter(({ sign }) => sign !== other).length;
  const own = lines.slice(start, end);
  const head = lines.slice(0, start);
  const range = (other: "+" | "-"): string => {
    const size = count(own, other);
    return `${count(head, other) + (size > 0 ? 1 : 0)},${size}`;
  };
  const body = own.map(({ sign, text }) => `${sign}${text}\n`).join("");
  return `@@ -${range("+")} +${range("-")} @@\n${body}`;
}
