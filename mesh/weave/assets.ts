// Static assets of a woven Worker: the Worker runs first, and after the chain this decides between assets and
// application as the platform's own router does in front of a bare Worker.
import type { AssetsWiring } from "../contract/wiring.ts";
import type { Serve } from "./inlet.ts";

interface AssetsBinding {
  fetch(request: Request): Promise<Response>;
}

/** Answers a request to the default export from its assets, or lets the application serve it. */
export type Front = (request: Request, serve: Serve) => Promise<Response>;

/** Null where bare assets would not have stood in front. */
export function assetsInFront(assets: unknown, how: AssetsWiring): Front | null {
  const { workerFirst } = how;
  if (workerFirst === true || !isAssets(assets)) return null;
  const site: Site = { assets, how, index: null };
  const rules = workerFirst === false ? [] : workerFirst;
  const toAssets = rules.filter((rule) => rule.startsWith("!")).map((rule) => glob(rule.slice(1)));
  const toWorker = rules.filter((rule) => !rule.startsWith("!")).map(glob);
  return async (request, serve) => {
    const { pathname } = new URL(request.url);
    if (toAssets.some((rule) => rule.test(pathname))) return assets.fetch(request);
    if (toWorker.some((rule) => rule.test(pathname))) return serve(request);
    return (await assetFor(site, request)) ?? serve(request);
  };
}

interface Site {
  readonly assets: AssetsBinding;
  readonly how: AssetsWiring;
  /** The page of a single-page application; looked up once. */
  index: Promise<Page | null> | null;
}

interface Page {
  readonly pathname: string;
  readonly etag: string | null;
}

/** The answer of the assets, or null where a bare request would have gone on to the Worker. */
async function assetFor(site: Site, request: Request): Promise<Response | null> {
  const { how, assets } = site;
  const isRead = request.method === "GET" || request.method === "HEAD";
  if (isRead && (how.notFound ?? "none") === "none") {
    const found = await assets.fetch(request);
    return found.status === 404 ? null : found;
  }
  const found = await lookUp(site, request.url);
  if (found === "nothing" || (found === "stand-in" && !standsIn(how, request))) return null;
  return assets.fetch(request);
}

/** Whether what answers for a missing asset goes before the Worker: beside a list always, else on a navigation. */
const standsIn = ({ workerFirst, navigation }: AssetsWiring, request: Request): boolean =>
  Array.isArray(workerFirst) ||
  (navigation === true && request.headers.get("sec-fetch-mode") === "navigate");

/** What there is for a URL, seen without the request's own method and conditions: those get 405 or 304. */
async function lookUp(site: Site, url: string): Promise<"asset" | "stand-in" | "nothing"> {
  const seen = await look(site.assets, url);
  const etag = seen.headers.get("etag");
  // A page of `404-page` has a tag, the answer that there is nothing has none.
  if (seen.status === 404) return etag === null ? "nothing" : "stand-in";
  if (seen.status !== 200 || site.how.notFound !== "single-page-application") return "asset";
  site.index ??= indexOf(site.assets, url);
  const index = await site.index;
  const isIndex = index === null || index.pathname === new URL(url).pathname;
  return isIndex || index.etag !== etag ? "asset" : "stand-in";
}

/** Where the page of a single-page application is itself: `/`, or where HTML is served by file name, that. */
async function indexOf(assets: AssetsBinding, url: string): Promise<Page | null> {
  let at = new URL("/index.html", url);
  let page = await look(assets, at.href);
  const location = page.headers.get("location");
  if (location !== null) {
    at = new URL(location, at);
    page = await look(assets, at.href);
  }
  return page.status === 200 ? { pathname: at.pathname, etag: page.headers.get("etag") } : null;
}

const look = (assets: AssetsBinding, url: string): Promise<Response> =>
  assets.fetch(new Request(url, { method: "HEAD", redirect: "manual" }));

/** A rule of `run_worker_first`: a path in which `*` stands for anything. */
const glob = (rule: string): RegExp =>
  new RegExp(`^${rule.replaceAll(/[^\w*]/g, "\\$&").replaceAll("*", ".*")}$`);

const isAssets = (value: unknown): value is AssetsBinding =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as AssetsBinding).fetch === "function";
