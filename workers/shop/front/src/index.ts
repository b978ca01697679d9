// The shop's page, its cart and its till.
import { type Context, Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import type { CartLine } from "../../cart/src/index.ts";
import type { Product } from "../../catalog/src/products.ts";
import { type CartView, messagePage, shopPage } from "./page.ts";
import { STYLE } from "./style.ts";
import { ICON } from "./swatch.ts";
import {
  type Env,
  addToCart,
  checkOut,
  listProducts,
  quote,
  readCart,
  readReviews,
} from "./upstreams.ts";

const SESSION = "shop-session";
const DAY_S = 24 * 60 * 60;

type ShopContext = Context<{ Bindings: Env }>;

const app = new Hono<{ Bindings: Env }>();

app.use(async (c, next) => {
  await next();
  c.header(
    "content-security-policy",
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  );
  c.header("x-content-type-options", "nosniff");
  c.header("referrer-policy", "same-origin");
});

/** The session of the visitor; empty where there is none yet. */
function session(c: ShopContext): string {
  const value = getCookie(c, SESSION) ?? "";
  return /^[0-9a-f]{32}$/.test(value) ? value : "";
}

function startSession(c: ShopContext): string {
  const id = crypto.randomUUID().replaceAll("-", "");
  const secure = new URL(c.req.url).protocol === "https:";
  setCookie(c, SESSION, id, { path: "/", httpOnly: true, sameSite: "Lax", secure, maxAge: DAY_S });
  return id;
}

const goodsCents = (lines: readonly CartLine[], products: readonly Product[]): number =>
  lines.reduce((sum, line) => {
    const product = products.find(({ id }) => id === line.productId);
    return sum + (product?.priceCents ?? 0) * line.quantity;
  }, 0);

async function viewCart(
  env: Env,
  lines: readonly CartLine[] | null,
  products: readonly Product[],
): Promise<CartView> {
  const checkoutKey = crypto.randomUUID();
  const goods = goodsCents(lines ?? [], products);
  if (goods === 0) return { lines, totals: null, checkoutKey };
  const totals = await quote(env, goods).catch((error: unknown) => {
    console.warn("payments", error);
    return null;
  });
  return { lines, totals, checkoutKey };
}

app.get("/", async (c) => {
  const [products, lines] = await Promise.all([listProducts(c.env), readCart(c.env, session(c))]);
  const [reviews, cart] = await Promise.all([
    readReviews(
      c.env,
      products.map(({ id }) => id),
    ),
    viewCart(c.env, lines, products),
  ]);
  c.header("cache-control", "no-store");
  return c.html(shopPage(products, reviews, cart));
});

app.post("/cart", async (c) => {
  const { product } = await c.req.parseBody();
  if (typeof product !== "string") return c.html(messagePage("Nothing chosen", "Which one?"), 400);
  await addToCart(c.env, session(c) || startSession(c), product);
  return c.redirect("/", 303);
});

app.post("/checkout", async (c) => {
  const { key } = await c.req.parseBody();
  const visitor = session(c);
  const [products, lines] = await Promise.all([listProducts(c.env), readCart(c.env, visitor)]);
  if (lines === null) throw new Error("cart cannot be read");
  const goods = goodsCents(lines, products);
  if (typeof key !== "string" || key === "" || goods === 0) return c.redirect("/", 303);
  const { totalCents } = await quote(c.env, goods);
  const result = await checkOut(c.env, visitor, totalCents, key);
  if (result.status === "charged") return c.redirect(`/orders/${result.receipt}`, 303);
  return c.html(messagePage("The card was declined", result.reason), 402);
});

app.get("/orders/:receipt{[0-9A-F]{12}}", (c) =>
  c.html(messagePage("Thank you", `Your order is paid. The receipt is ${c.req.param("receipt")}.`)),
);

app.get("/api/products", async (c) => c.json({ products: await listProducts(c.env) }));

/** What reviews answers, as it answers it: `version` tells which one did. */
app.get("/api/reviews/:id", (c) => {
  const url = `http://reviews/reviews/${encodeURIComponent(c.req.param("id"))}`;
  return c.env.REVIEWS.fetch(new Request(url, c.req.raw));
});

app.get("/style.css", (c) => {
  c.header("cache-control", "max-age=300");
  return c.body(STYLE, 200, { "content-type": "text/css; charset=utf-8" });
});

app.get("/icon.svg", (c) => c.body(ICON, 200, { "content-type": "image/svg+xml" }));

app.notFound((c) => c.html(messagePage("Not here", "There is no such page."), 404));

app.onError((error, c) => {
  console.error("front", error);
  return c.html(messagePage("Back soon", "A part of the shop does not answer. Try again."), 503);
});

export default app;
