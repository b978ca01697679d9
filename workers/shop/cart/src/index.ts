// Carts: `/carts/<session>` is one shopping session's cart, kept in an object of its own.
import { DurableObject } from "cloudflare:workers";

interface Env {
  readonly CARTS: DurableObjectNamespace<Cart>;
}

/** One product in a cart. */
export interface CartLine {
  readonly productId: string;
  readonly quantity: number;
}

const KEEP_MS = 24 * 60 * 60 * 1000;
const MOST_OF_ONE = 99;

/** One session's cart; forgotten a day after its last change. */
export class Cart extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS lines (product_id TEXT PRIMARY KEY, quantity INTEGER NOT NULL)",
    );
  }

  lines(): CartLine[] {
    return this.ctx.storage.sql
      .exec<{ productId: string; quantity: number }>(
        "SELECT product_id AS productId, quantity FROM lines ORDER BY rowid",
      )
      .toArray();
  }

  /** Adds to the quantity of a product; what goes above 99 is cut off. */
  async add(productId: string, quantity: number): Promise<CartLine[]> {
    this.ctx.storage.sql.exec(
      `INSERT INTO lines (product_id, quantity) VALUES (?1, min(?2, ${MOST_OF_ONE}))
       ON CONFLICT (product_id) DO UPDATE SET quantity = min(quantity + ?2, ${MOST_OF_ONE})`,
      productId,
      quantity,
    );
    await this.ctx.storage.setAlarm(Date.now() + KEEP_MS);
    return this.lines();
  }

  clear(): void {
    this.ctx.storage.sql.exec("DELETE FROM lines");
  }

  override async alarm(): Promise<void> {
    await this.ctx.storage.deleteAll();
  }
}

const problem = (status: number, title: string): Response =>
  Response.json({ title, status }, { status });

async function readLine(request: Request): Promise<CartLine | null> {
  const body = await request.json<Partial<CartLine>>().catch(() => null);
  const { productId, quantity = 1 } = body ?? {};
  if (typeof productId !== "string" || !/^[a-z0-9-]{1,40}$/.test(productId)) return null;
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > MOST_OF_ONE) return null;
  return { productId, quantity };
}

export default {
  async fetch(request, env) {
    const path = /^\/carts\/([0-9a-f]{32})(\/lines)?$/.exec(new URL(request.url).pathname);
    const session = path?.[1];
    if (session === undefined) return problem(404, "There is no such cart.");
    const cart = env.CARTS.getByName(session);
    const ofLines = path?.[2] !== undefined;

    if (request.method === "GET" && !ofLines) return Response.json({ lines: await cart.lines() });
    if (request.method === "DELETE" && !ofLines) {
      await cart.clear();
      return new Response(null, { status: 204 });
    }
    if (request.method === "POST" && ofLines) {
      const line = await readLine(request);
      if (line === null) return problem(400, "A line is a productId and a quantity from 1 to 99.");
      return Response.json({ lines: await cart.add(line.productId, line.quantity) });
    }
    return problem(405, "A cart takes GET and DELETE, its lines POST.");
  },
} satisfies ExportedHandler<Env>;
