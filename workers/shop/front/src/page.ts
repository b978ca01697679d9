// Owns what a person sees.
import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import type { CartLine } from "../../cart/src/index.ts";
import type { Product } from "../../catalog/src/products.ts";
import { swatch } from "./swatch.ts";
import type { Review, Reviews, Totals } from "./upstreams.ts";

type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

const NOTHING = html``;

const money = new Intl.NumberFormat("en", { style: "currency", currency: "EUR" });
const price = (cents: number): string => money.format(cents / 100);

/** Stars as a font has them; a screen reader hears the number instead. */
function stars(review: Review, count: number): Html {
  const full = Math.floor(count);
  const half = count > full ? "½" : "";
  const filled = "★".repeat(full) + half;
  const rest = "☆".repeat(5 - Math.ceil(count));
  return html`<span class="stars" role="img" aria-label="${review.average} of 5 stars"
    >${filled}<span class="rest">${rest}</span></span
  >`;
}

/** v1 gives numbers, v2 stars, a badge and a quote: the page shows what it was given. */
function rating(review: Review | undefined): Html {
  if (review === undefined) return html`<p class="rating quiet">Not rated yet</p>`;
  if (review.stars === undefined) {
    return html`<p class="rating">Rated ${review.average} of 5 by ${review.count} buyers</p>`;
  }
  const badge = review.badge;
  return html`<p class="rating">
      ${stars(review, review.stars)} <span class="quiet">(${review.count})</span>
      ${badge ? html`<span class="badge ${badge.tone}">${badge.label}</span>` : NOTHING}
    </p>
    ${review.quote === undefined ? NOTHING : html`<p class="quote">“${review.quote}”</p>`}`;
}

const productCard = (product: Product, reviews: Reviews | null): Html =>
  html`<li class="card">
    ${raw(swatch(product.swatch))}
    <h3>${product.name}</h3>
    <p class="quiet">${product.blurb}</p>
    ${reviews === null ? NOTHING : rating(reviews.reviews[product.id])}
    <form class="buy" method="post" action="/cart">
      <strong>${price(product.priceCents)}</strong>
      <button name="product" value="${product.id}" aria-label="Add ${product.name} to the cart">
        Add to cart
      </button>
    </form>
  </li>`;

function versionNote(reviews: Reviews | null): Html {
  if (reviews === null) {
    return html`<p class="note" data-reviews="none">Ratings cannot be shown right now.</p>`;
  }
  return html`<p class="note" data-reviews="${reviews.version}">
    Ratings come from <span class="version">reviews ${reviews.version}</span>
  </p>`;
}

export interface CartView {
  /** Null where the cart could not be read. */
  readonly lines: readonly CartLine[] | null;
  /** Null where there is nothing to pay, or payments could not say. */
  readonly totals: Totals | null;
  /** Made anew with each page: sending the same form twice pays once. */
  readonly checkoutKey: string;
}

const cartLine = (line: CartLine, products: readonly Product[]): Html => {
  const product = products.find(({ id }) => id === line.productId);
  return html`<li>
    <span>${line.quantity} × ${product?.name ?? line.productId}</span>
    <span>${price((product?.priceCents ?? 0) * line.quantity)}</span>
  </li>`;
};

const payForm = (totals: Totals, checkoutKey: string): Html =>
  html`<dl>
      <dt>Goods</dt>
      <dd>${price(totals.goodsCents)}</dd>
      <dt>Shipping</dt>
      <dd>${totals.shippingCents === 0 ? "free" : price(totals.shippingCents)}</dd>
      <dt>Total</dt>
      <dd>
        <strong>${price(totals.totalCents)}</strong>
      </dd>
    </dl>
    <form method="post" action="/checkout">
      <input type="hidden" name="key" value="${checkoutKey}" />
      <button class="wide">Check out</button>
    </form>`;

function cartPanel(cart: CartView, products: readonly Product[]): Html {
  if (cart.lines === null) return html`<p class="quiet">Your cart cannot be read right now.</p>`;
  if (cart.lines.length === 0) return html`<p class="quiet">Nothing in it yet.</p>`;
  return html`<ul class="lines">
      ${cart.lines.map((line) => cartLine(line, products))}
    </ul>
    ${
      cart.totals === null
        ? html`<p class="quiet">Paying is not possible right now.</p>`
        : payForm(cart.totals, cart.checkoutKey)
    }`;
}

const layout = (title: string, body: Html): Html =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="stylesheet" href="/style.css" />
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header>
          <a href="/">Shuttle &amp; Reed</a><span class="quiet">all a weaver needs</span>
        </header>
        ${body}
        <footer class="quiet">
          A demo shop: six Workers that call each other. Nothing is sold and no money moves.
        </footer>
      </body>
    </html>`;

/** The shop: products on the left, the cart on the right. */
export const shopPage = (
  products: readonly Product[],
  reviews: Reviews | null,
  cart: CartView,
): Html =>
  layout(
    "Shuttle & Reed",
    html`<main id="main">
      <section aria-labelledby="products">
        <div class="heading">
          <h1 id="products">Looms, yarn and cloth</h1>
          ${versionNote(reviews)}
        </div>
        <ul class="grid">
          ${products.map((product) => productCard(product, reviews))}
        </ul>
      </section>
      <aside aria-labelledby="cart">
        <h2 id="cart">Your cart</h2>
        ${cartPanel(cart, products)}
      </aside>
    </main>`,
  );

/** A page of one message: a paid order, a declined card, a service that is away. */
export const messagePage = (title: string, message: string): Html =>
  layout(
    `${title} · Shuttle & Reed`,
    html`<main id="main" class="message">
      <h1>${title}</h1>
      <p>${message}</p>
      <p><a href="/">Back to the shop</a></p>
    </main>`,
  );
