// Payments: speaks RPC only. Takes no real money.
import { RpcTarget, WorkerEntrypoint } from "cloudflare:workers";

interface Env {
  readonly LIMIT_CENTS: number;
  readonly SHIPPING_CENTS: number;
  readonly FREE_SHIPPING_FROM_CENTS: number;
}

export interface Charge {
  readonly cartId: string;
  readonly amountCents: number;
  /** The same key for the same cart and amount gives the same receipt. */
  readonly idempotencyKey: string;
}

export type ChargeResult =
  | { readonly status: "charged"; readonly receipt: string; readonly amountCents: number }
  | { readonly status: "declined"; readonly reason: string; readonly amountCents: number };

function checkAmount(amountCents: number): void {
  if (!Number.isSafeInteger(amountCents) || amountCents <= 0) {
    throw new RangeError("amountCents must be a whole number above 0");
  }
}

async function receiptOf(charge: Charge): Promise<string> {
  const text = JSON.stringify([charge.cartId, charge.amountCents, charge.idempotencyKey]);
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const hex = Array.from(new Uint8Array(hash, 0, 6), (byte) => byte.toString(16).padStart(2, "0"));
  return hex.join("").toUpperCase();
}

/** What an order costs, shipping included. */
export class Quote extends RpcTarget {
  readonly #goodsCents: number;
  readonly #shippingCents: number;

  constructor(goodsCents: number, shippingCents: number) {
    super();
    this.#goodsCents = goodsCents;
    this.#shippingCents = shippingCents;
  }

  shippingCents(): number {
    return this.#shippingCents;
  }

  totalCents(): number {
    return this.#goodsCents + this.#shippingCents;
  }
}

export class Payments extends WorkerEntrypoint<Env> {
  quote(order: { readonly goodsCents: number }): Quote {
    checkAmount(order.goodsCents);
    const isFree = order.goodsCents >= this.env.FREE_SHIPPING_FROM_CENTS;
    return new Quote(order.goodsCents, isFree ? 0 : this.env.SHIPPING_CENTS);
  }

  async charge(charge: Charge): Promise<ChargeResult> {
    const { amountCents, idempotencyKey } = charge;
    checkAmount(amountCents);
    if (idempotencyKey === "") throw new TypeError("idempotencyKey is missing");
    if (amountCents > this.env.LIMIT_CENTS) {
      return { status: "declined", reason: "The amount is above the card's limit.", amountCents };
    }
    return { status: "charged", receipt: await receiptOf(charge), amountCents };
  }
}

export default {
  fetch: () => Response.json({ title: "Payments speaks RPC only.", status: 404 }, { status: 404 }),
} satisfies ExportedHandler;
