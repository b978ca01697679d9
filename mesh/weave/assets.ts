// Static assets of a woven Worker: the Worker runs first, and after the chain serves what bare assets would have served.
import type { WorkerEntrypoint } from "cloudflare:workers";
import type { Wiring } from "../contract/wiring.ts";

interface AssetsBinding {
  fetch(request: Request): Promise<Response>;
}
type Fetch = (request: Request, env: unknown, ctx: unknown) => Promise<Response> | Response;

/** The default export with assets in front of its `fetch`, where the bare Worker had them in front. */
export function withAssets(value: unknown, wiring: Wiring, assets: unknown): unknown {
  if (wiring.assets === null || wiring.assets.workerFirst || !isAssets(assets)) return value;
  if (typeof value === "function")
    return inFrontOfClass(value as new (...args: never[]) => WorkerEntrypoint, assets);
  if (typeof value !== "object" || value === null) return value;
  const fetch: unknown = Reflect.get(value, "fetch");
  const handler = typeof fetch === "function" ? (fetch as Fetch) : null;
  return Object.assign(Object.create(value) as object, {
    fetch: (request: Request, env: unknown, ctx: unknown) =>
      assetFirst(
        assets,
        request,
        handler === null ? null : () => handler.call(value, request, env, ctx),
      ),
  });
}

function inFrontOfClass(
  inner: new (...args: never[]) => WorkerEntrypoint,
  assets: AssetsBinding,
): unknown {
  return class extends inner {
    override async fetch(request: Request): Promise<Response> {
      return assetFirst(
        assets,
        request,
        () => super.fetch?.(request) ?? new Response(null, { status: 404 }),
      );
    }
  };
}

/** Assets answer GET and HEAD they have; the rest is the Worker's. */
async function assetFirst(
  assets: AssetsBinding,
  request: Request,
  handler: (() => Promise<Response> | Response) | null,
): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD" && handler !== null) return handler();
  const found = await assets.fetch(
    new Request(request.url, { method: request.method, headers: request.headers }),
  );
  if (found.status !== 404 || handler === null) return found;
  await found.body?.cancel();
  return handler();
}

const isAssets = (value: unknown): value is AssetsBinding =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as AssetsBinding).fetch === "function";
