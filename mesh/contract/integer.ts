// Owns how a count stands on the wire: in decimal digits, read where it lies, since an expression costs as much as a MAC's block.

/** The count in `text` from `start` to before `end`; -1 for none, for more than `most` digits (at most 15), or for anything else. */
export function integerIn(text: string, start: number, end: number, most: number): number {
  if (end <= start || end - start > most) return -1;
  let count = 0;
  for (let i = start; i < end; i += 1) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    count = count * 10 + digit;
  }
  return count;
}
