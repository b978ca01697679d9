// Owns the calls to the shop's other Workers; the page and the handlers see plain values.
import type { CartLine } from "../../cart/src/index.ts";
import type { Product } from "../../catalog/src/products.ts";
import type { ChargeResult, Payments } from "../../payments/src/index.ts";

export interface Env {
  readonly CATALOG: Fetcher;
  readonly CART: Fetcher;
  readonly REVIEWS: Fetcher;
  readonly PAYMENTS: Quoting & Service<Payments>;
}

/** What either version of reviews says of one product; what only v2 says is optional. */
export interface Review {
  readonly average: number;
  readonly count: number;
  readonly stars?: number;
  readonly badge?: { readonly label: string; readonly tone: "good" | "fair" | "mixed" };
  readonly quote?: string;
}

export interface Reviews {
  readonly version: string;
  readonly reviews: Readonly<Record<string, Review>>;
}

async function json<T>(answer: Response, whose: string): Promise<T> {
  if (answer.ok) return answer.json<T>();
  await answer.body?.cancel();
  throw new Error(`${whose} answered ${answer.status}`);
}

export async function listProducts(env: Env): Promise<readonly Product[]> {
  const answer = await env.CATALOG.fetch("http://catalog/products");
  return (await json<{ products: Product[] }>(answer, "catalog")).products;
}

/** Null where reviews cannot say: a shop without ratings is still a shop. */
export async function readReviews(env: Env, ids: readonly string[]): Promise<Reviews | null> {
  const query = new URLSearchParams(ids.map((id) => ["product", id]));
  try {
    const answer = await env.REVIEWS.fetch(`http://reviews/reviews?${query.toString()}`);
    return await json<Reviews>(answer, "reviews");
  } catch (error) {
    console.warn("reviews", error);
    return null;
  }
}

/** Null where the cart cannot be read. */
export async function readCart(env: Env, session: string): Promise<readonly CartLine[] | null> {
  if (session === "") return [];
  try {
    const answer = await env.CART.fetch(`http://cart/carts/${session}`);
    return (await json<{ lines: CartLine[] }>(answer, "cart")).lines;
  } catch (error) {
    console.warn("cart", error);
    return null;
  }
}

export async function addToCart(env: Env, session: string, productId: string): Promise<void> {
  const answer = await env.CART.fetch(`http://cart/carts/${session}/lines`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ productId, quantity: 1 }),
  });
  await json(answer, "cart");
}

async function clearCart(env: Env, session: string): Promise<void> {
  const answer = await env.CART.fetch(`http://cart/carts/${session}`, { method: "DELETE" });
  if (!answer.ok) throw new Error(`cart answered ${answer.status}`);
}

/** A quote is pipelined on and disposed of; the runtime's types know the first only. */
interface Quoting {
  quote(order: { readonly goodsCents: number }): Disposable & {
    shippingCents(): Promise<number>;
    totalCents(): Promise<number>;
  };
}

export interface Totals {
  readonly goodsCents: number;
  readonly shippingCents: number;
  readonly totalCents: number;
}

/** Both answers come with the call that makes the quote: nothing waits for the quote itself. */
export async function quote(env: Env, goodsCents: number): Promise<Totals> {
  using offer = env.PAYMENTS.quote({ goodsCents });
  const [shippingCents, totalCents] = await Promise.all([
    offer.shippingCents(),
    offer.totalCents(),
  ]);
  return { goodsCents, shippingCents, totalCents };
}

/** Charges the card, then empties the cart; the key makes a second try harmless. */
export async function checkOut(
  env: Env,
  session: string,
  amountCents: number,
  idempotencyKey: string,
): Promise<ChargeResult> {
  const result = await env.PAYMENTS.charge({ cartId: session, amountCents, idempotencyKey });
  if (result.status === "charged") await clearCart(env, session);
  return result;
}
