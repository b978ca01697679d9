// Owns the pictures: each product is shown as the draft of its cloth, drawn here, fetched from nowhere.
import type { Product, Weave } from "../../catalog/src/products.ts";

const SIZE = 8;

/** Whether the weft lies on top where pick `row` crosses end `column`. */
const WEFT_ON_TOP: Readonly<Record<Weave, (row: number, column: number) => boolean>> = {
  plain: (row, column) => (row + column) % 2 === 0,
  twill: (row, column) => (row + column) % 4 < 2,
  herringbone: (row, column) => (column < 4 ? row + column : row - column + 7) % 4 < 2,
  basket: (row, column) => ((row >> 1) + (column >> 1)) % 2 === 0,
  satin: (row, column) => (row * 3) % SIZE !== column,
};

const colour = (value: string): string => (/^#[0-9a-f]{6}$/.test(value) ? value : "#888888");

/** The draft as SVG; decoration, hidden from screen readers. */
export function swatch({ weave, warp, weft }: Product["swatch"]): string {
  const isOnTop = WEFT_ON_TOP[weave] ?? WEFT_ON_TOP.plain;
  const cells: string[] = [];
  for (let at = 0; at < SIZE * SIZE; at += 1) {
    const row = Math.floor(at / SIZE);
    const column = at % SIZE;
    if (isOnTop(row, column)) cells.push(`M${column} ${row}h1v1h-1z`);
  }
  const id = `weave-${weave}-${colour(warp).slice(1)}-${colour(weft).slice(1)}`;
  return `<svg class="swatch" viewBox="0 0 32 16" aria-hidden="true" shape-rendering="crispEdges">
<defs><pattern id="${id}" width="${SIZE}" height="${SIZE}" patternUnits="userSpaceOnUse">
<rect width="${SIZE}" height="${SIZE}" fill="${colour(warp)}"/>
<path d="${cells.join("")}" fill="${colour(weft)}"/></pattern></defs>
<rect width="32" height="16" fill="url(#${id})"/></svg>`;
}

/** The shop's sign: a shuttle. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">
<path d="M1 8q7-9 14 0-7 9-14 0z" fill="#8a3b2a"/><path d="M5 8h6" stroke="#efe0c8" stroke-width="2"/></svg>`;
