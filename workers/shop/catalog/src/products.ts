// Owns what the shop sells.

/** How a cloth is woven; the page draws it. */
export type Weave = "plain" | "twill" | "herringbone" | "basket" | "satin";

export interface Product {
  readonly id: string;
  readonly name: string;
  readonly blurb: string;
  readonly priceCents: number;
  readonly swatch: { readonly weave: Weave; readonly warp: string; readonly weft: string };
}

const product = (
  id: string,
  name: string,
  priceCents: number,
  blurb: string,
  weave: Weave,
  warp: string,
  weft: string,
): Product => ({ id, name, blurb, priceCents, swatch: { weave, warp, weft } });

export const PRODUCTS: readonly Product[] = [
  product(
    "loom",
    "Rigid heddle loom, 40 cm",
    18_900,
    "Folds away with the warp on it.",
    "plain",
    "#b98a5a",
    "#efe0c8",
  ),
  product(
    "shuttle",
    "Boat shuttle, cherry",
    2_450,
    "Runs true, holds a 10 cm bobbin.",
    "twill",
    "#8a3b2a",
    "#e9b48c",
  ),
  product(
    "reed-hook",
    "Reed hook, brass",
    890,
    "Flat enough for 120 dents to 10 cm.",
    "satin",
    "#c9a227",
    "#7a5c12",
  ),
  product(
    "linen",
    "Linen yarn 16/2, 250 g",
    1_390,
    "Wet spun, unbleached.",
    "basket",
    "#cdbf9f",
    "#a3936d",
  ),
  product(
    "wool",
    "Wool yarn, undyed, 500 g",
    2_160,
    "Two-ply, washes soft.",
    "plain",
    "#e8e2d6",
    "#bdb3a1",
  ),
  product(
    "towel",
    "Tea towel, twill",
    1_600,
    "Cotton and linen, 50 by 70 cm.",
    "twill",
    "#2f5d8a",
    "#f4efe4",
  ),
  product(
    "scarf",
    "Scarf, herringbone",
    5_400,
    "Lambswool, 30 by 180 cm.",
    "herringbone",
    "#39424e",
    "#b7a99a",
  ),
  product(
    "throw",
    "Throw, basket weave",
    12_900,
    "Wool, 130 by 180 cm.",
    "basket",
    "#5b6e4f",
    "#d8cfae",
  ),
];
