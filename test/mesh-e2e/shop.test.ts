// The shop's canary as its visitors see it: how many get reviews v2, and that each keeps its version.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { headerOf } from "../conformance/meshconf/answer.ts";
import { inParallel, type Mesh, startShop } from "./mesh.ts";
import { type Document, routeOf, serviceOf } from "./project.ts";

const VISITORS = 2000;
const RETURNING = 100;
const VISITS = 50;
const WIDTH = 16;

let mesh: Mesh;
beforeAll(async () => {
  mesh = await startShop("shop");
}, 60_000);
afterAll(async () => await mesh?.close());

/** What one visit showed and left behind. */
interface Visit {
  readonly version: string;
  readonly setCookie: string | null;
}

async function visit(cookie?: string): Promise<Visit> {
  const headers = cookie === undefined ? {} : { Cookie: cookie };
  const answer = await mesh.ask({ path: "/api/reviews/loom", headers });
  expect(answer.status, answer.body).toBe(200);
  const { version } = JSON.parse(answer.body) as { version: string };
  return { version, setCookie: headerOf(answer, "set-cookie") };
}

/** A visitor that has come once: its jar, and what it saw. */
interface Visitor {
  readonly cookie: string;
  readonly version: string;
}

async function arrive(): Promise<Visitor> {
  const { version, setCookie } = await visit();
  return { version, cookie: setCookie?.split(";")[0] ?? "" };
}

function reviewsRoute(weights: readonly [number, number]): Document {
  const backendRefs = weights.map((weight, index) => ({
    name: `reviews-v${index + 1}`,
    port: 80,
    weight,
  }));
  return routeOf("reviews", { backendRefs });
}

describe("the shop", { timeout: 120_000 }, () => {
  let visitors: readonly Visitor[] = [];

  // 160 to 240 is 3 sigma: a fair draw misses it once in 370 times.
  it("shows reviews v2 to a tenth of its visitors", { retry: 1 }, async () => {
    visitors = await inParallel(VISITORS, WIDTH, arrive);
    const canary = visitors.filter(({ version }) => version === "v2").length;
    expect(canary).toBeGreaterThanOrEqual(160);
    expect(canary).toBeLessThanOrEqual(240);
    expect(new Set(visitors.map(({ cookie }) => cookie)).size).toBe(VISITORS);
  });

  it("keeps each visitor's version, over a change of the table too", async () => {
    const canary = visitors.filter(({ version }) => version === "v2").slice(0, RETURNING / 2);
    const stable = visitors.filter(({ version }) => version === "v1");
    const returning = [...canary, ...stable].slice(0, RETURNING);
    const stray = async (visits: number): Promise<Visitor[]> => {
      const versions = await inParallel(returning.length * visits, WIDTH, async (index) => {
        const visitor = returning[index % returning.length]!;
        const seen = await visit(visitor.cookie);
        return seen.version === visitor.version && seen.setCookie === null ? [] : [visitor];
      });
      return versions.flat();
    };
    expect(await stray(VISITS / 2)).toEqual([]);
    const other = serviceOf("elsewhere", { endpoints: [{ worker: "catalog" }] });
    expect(await mesh.apply([other], "--wait")).toMatchObject({ code: 0, err: "" });
    expect(await stray(VISITS / 2)).toEqual([]);
  });

  it("sets the cohort cookie only while the table splits, and only where none came", async () => {
    const { setCookie } = await visit();
    const [pair, ...attributes] = (setCookie ?? "").split("; ");
    expect(pair).toMatch(/^heddle-cohort=[A-Za-z0-9_-]{16,64}$/);
    expect(attributes.toSorted()).toEqual(
      ["HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=Lax"].toSorted(),
    );
    expect((await visit("a=b; heddle-cohort=mine; c=d")).setCookie).toBeNull();
    // A page whose own calls split leaves a cookie too: the edge decides for every hop behind it.
    const page = await mesh.ask({ path: "/api/products" });
    expect(headerOf(page, "set-cookie")).toContain("heddle-cohort=");

    expect(await mesh.apply([reviewsRoute([100, 0])], "--wait")).toMatchObject({ code: 0 });
    expect((await visit()).setCookie).toBeNull();
    expect(await mesh.apply([reviewsRoute([90, 10])], "--wait")).toMatchObject({ code: 0 });
    expect((await visit()).setCookie).toContain("heddle-cohort=");
  });

  it("shows one version on a whole page", async () => {
    const pages = await inParallel(50, 8, () => mesh.ask({ path: "/" }));
    const torn = pages.filter(({ body }) => new Set(body.match(/data-reviews="v\d"/g)).size !== 1);
    expect(torn).toEqual([]);
  });
});
