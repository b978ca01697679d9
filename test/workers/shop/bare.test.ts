// The shop without a mesh: ordinary Workers, under wrangler alone.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test, vi } from "vitest";
import { createTestHarness } from "wrangler";

const shop = fileURLToPath(new URL("../../../workers/shop/", import.meta.url));
const folder = fileURLToPath(new URL("../../../.heddle/tmp/bare-shop/", import.meta.url));

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

type Harness = ReturnType<typeof createTestHarness>;
type Answerer = "v1" | "v2" | "away";

const MAIN: Readonly<Record<Answerer, string>> = {
  v1: path.join(shop, "reviews-v1/index.ts"),
  v2: path.join(shop, "reviews-v2/src/index.ts"),
  away: path.join(folder, "away.js"),
};

const open = new Map<Answerer, Harness>();

/** The shop with one Worker that answers to the name of reviews; started once for each. */
async function shopWith(reviews: Answerer): Promise<Harness> {
  const known = open.get(reviews);
  if (known !== undefined) return known;
  const names = [
    "front/wrangler.jsonc",
    "catalog/wrangler.toml",
    "cart/wrangler.toml",
    "payments/wrangler.jsonc",
  ].map((name) => path.join(shop, name));
  const workers = [...names, asReviews(reviews)].map((configPath) => ({ configPath }));
  const harness = createTestHarness({ root: shop, workers });
  open.set(reviews, harness);
  await harness.listen();
  return harness;
}

/** A wrangler file that deploys a Worker under the name front dials. */
function asReviews(answerer: Answerer): string {
  const file = path.join(folder, answerer, "wrangler.json");
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(MAIN.away, 'export default { fetch() { throw new Error("away"); } };');
  const config = {
    name: "reviews",
    main: MAIN[answerer],
    compatibility_date: "2026-10-20",
    vars: { LOVED_FROM: "4.5" },
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

afterAll(async () => {
  for (const harness of open.values()) await harness.close();
  rmSync(folder, { recursive: true, force: true });
});

const pageOf = async (shopAt: Harness, cookie = ""): Promise<string> => {
  const answer = await shopAt.fetch("/", { headers: cookie === "" ? {} : { cookie } });
  expect(answer.status).toBe(200);
  return await answer.text();
};

const post = (shopAt: Harness, to: string, form: Record<string, string>, cookie = "") =>
  shopAt.fetch(to, {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams(form),
    headers: cookie === "" ? {} : { cookie },
  });

test("a visitor looks around, fills a cart and pays once", async () => {
  const shopAt = await shopWith("v2");
  expect(await pageOf(shopAt)).toContain("Nothing in it yet.");

  const added = await post(shopAt, "/cart", { product: "towel" });
  expect([added.status, added.headers.get("location")]).toEqual([303, "/"]);
  const cookie = (added.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  await post(shopAt, "/cart", { product: "towel" }, cookie);

  const full = await pageOf(shopAt, cookie);
  expect(full).toContain("2 × Tea towel, twill");
  expect(full).toContain("€4.90");
  expect(full).toContain("€36.90");

  const key = /name="key" value="([^"]+)"/.exec(full)?.[1] ?? "";
  const paid = await post(shopAt, "/checkout", { key }, cookie);
  const location = paid.headers.get("location") ?? "";
  expect(paid.status).toBe(303);
  expect(location).toMatch(/^\/orders\/[0-9A-F]{12}$/);
  expect(await (await shopAt.fetch(location)).text()).toContain("Your order is paid.");
  expect(await pageOf(shopAt, cookie)).toContain("Nothing in it yet.");
  expect((await post(shopAt, "/checkout", { key }, cookie)).headers.get("location")).toBe("/");
});

test("a card has its limit", async () => {
  const shopAt = await shopWith("v1");
  const added = await post(shopAt, "/cart", { product: "loom" });
  const cookie = (added.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  for (let count = 1; count < 6; count += 1)
    await post(shopAt, "/cart", { product: "loom" }, cookie);
  const declined = await post(shopAt, "/checkout", { key: "k" }, cookie);
  expect(declined.status).toBe(402);
  expect(await declined.text()).toContain("The card was declined");
});

test.each(["v1", "v2"] as const)(
  "reviews %s looks like itself, on the page and as JSON",
  async (version) => {
    const shopAt = await shopWith(version);
    const page = await pageOf(shopAt);
    expect(page).toContain(`data-reviews="${version}"`);
    expect(page.includes("Rated 4.7 of 5 by 212 buyers")).toBe(version === "v1");
    expect(page.includes('aria-label="4.7 of 5 stars"')).toBe(version === "v2");
    const one = await shopAt.fetch("/api/reviews/loom");
    expect(await one.json()).toMatchObject({ version, productId: "loom", average: 4.7 });
    expect((await shopAt.fetch("/api/reviews/nothing")).status).toBe(404);
  },
);

test("where reviews are away, the shop goes on without ratings", async () => {
  const page = await pageOf(await shopWith("away"));
  expect(page).toContain("Ratings cannot be shown right now.");
  expect(page).toContain("Rigid heddle loom");
});

test("no Worker of the shop has a line of the mesh", () => {
  const files = readdirSync(shop, { recursive: true, encoding: "utf8" }).filter(
    (file) => /(\.ts|wrangler\.\w+)$/.test(file) && !/node_modules|\.wrangler|\.heddle/.test(file),
  );
  expect(files.length).toBeGreaterThan(12);
  for (const file of files) {
    const text = readFileSync(path.join(shop, file), "utf8").replaceAll(/Rigid heddle loom/g, "");
    expect(text, file).not.toMatch(/heddle|mesh/i);
  }
});
