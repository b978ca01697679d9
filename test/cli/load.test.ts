import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { CookieJar, type LoadStats, mulberry32, startLoad } from "../../cli/load.ts";

type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void;

const SOON = { timeout: 10_000, interval: 20 };

let server: http.Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(answer: Answer): Promise<string> {
  server = http.createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("the same seed gives the same numbers, another seed others, all from 0 up to 1", () => {
  const take = (seed: number) => Array.from({ length: 1000 }, mulberry32(seed));
  expect(take(7)).toEqual(take(7));
  expect(take(7)).not.toEqual(take(8));
  const sum = take(7).reduce((total, value) => total + value, 0);
  expect(take(7).every((value) => value >= 0 && value < 1)).toBe(true);
  expect(sum / 1000).toBeCloseTo(0.5, 1);
});

test("arrivals do not wait for answers", async () => {
  let seen = 0;
  const url = await serve(() => {
    seen += 1; // never answers
  });
  const startedMs = performance.now();
  const load = startLoad({ url, rps: 100, seed: 1 });
  await vi.waitFor(() => expect(seen).toBeGreaterThan(30), SOON);
  const stats = await load.stop();
  expect(stats.sent).toBeLessThanOrEqual(1 + (performance.now() - startedMs) / 10);
  expect(stats.inFlight).toBe(0);
});

test("what is unanswered is bounded, the rest is dropped and counted", async () => {
  const url = await serve(() => undefined);
  let dropped = 0;
  const onStats = (stats: LoadStats): void => void (dropped = stats.dropped);
  const load = startLoad({ url, rps: 200, seed: 1, maxInFlight: 5, onStats });
  await vi.waitFor(() => expect(dropped).toBeGreaterThan(10), SOON);
  const stats = await load.stop();
  expect(stats.sent).toBe(5);
});

test("it counts statuses, errors and versions, and each visitor keeps its cookies", async () => {
  let next = 0;
  const visits = new Map<string, number>();
  const url = await serve((request, response) => {
    const cookie = /heddle-cohort=(\d+)/.exec(request.headers.cookie ?? "")?.[1];
    const cohort = cookie ?? String((next += 1));
    visits.set(cohort, (visits.get(cohort) ?? 0) + 1);
    if (cookie === undefined) response.setHeader("set-cookie", `heddle-cohort=${cohort}; Path=/`);
    if (request.method === "POST") response.writeHead(303, { location: "/" }).end();
    else if (request.url === "/") response.end('<p data-reviews="v2"></p>');
    else response.writeHead(503).end('{"version":"v1"}');
  });
  const seen: LoadStats[] = [];
  const load = startLoad({ url, rps: 300, seed: 3, onStats: (stats) => seen.push(stats) });
  await vi.waitFor(() => {
    const { "200": pages = 0, "303": posts = 0 } = seen.at(-1)?.statuses ?? {};
    expect(Math.min(pages - posts, posts)).toBeGreaterThan(0);
  }, SOON);
  const stats = await load.stop();

  expect(seen.length).toBeGreaterThanOrEqual(2);
  expect(seen.at(-1)).toEqual(stats);
  const { "200": pages = 0, "303": posts = 0, "503": failed = 0 } = stats.statuses;
  expect(pages).toBeGreaterThan(posts);
  expect(posts).toBeGreaterThan(0);
  expect(stats.errors).toBe(failed);
  expect(stats.reviews).toEqual({ v1: failed, v2: pages });
  expect(Math.max(...visits.values())).toBeGreaterThan(1);
  expect(visits.size).toBeLessThan(pages + posts + failed);
});

test("a request that fails is an error with status 0", async () => {
  const url = await serve((request) => request.socket.destroy());
  let errors = 0;
  const onStats = (stats: LoadStats): void => void (errors = stats.errors);
  const load = startLoad({ url, rps: 50, seed: 1, onStats });
  await vi.waitFor(() => expect(errors).toBeGreaterThan(0), SOON);
  const stats = await load.stop();
  expect(stats.errors).toBeGreaterThan(0);
  expect(stats.statuses["0"]).toBe(stats.errors);
});

test("a jar keeps the last value and drops what has no age left", () => {
  const jar = new CookieJar();
  const headers = (...lines: string[]) => new Headers(lines.map((line) => ["set-cookie", line]));
  jar.keep(headers("a=1; Path=/", "b=x=y; HttpOnly", "=none"));
  expect(jar.header()).toBe("a=1; b=x=y");
  jar.keep(headers("a=2", "b=; Max-Age=0"));
  expect(jar.header()).toBe("a=2");
});
