// Owns a trust bundle as an origin holds it: fetched, kept, renewed by its hint, and good while its source is down.
import { parseBundle, type KeyUse, type TrustBundle } from "./bundle.ts";
import { dueMs, mayLookAgain, NO_BUNDLE, tookBundle, type BundleState } from "./bundle-state.ts";

/** Longest wait for a bundle, and most bytes of it. */
const WAIT_MS = 5000;
const MOST_BYTES = 256 * 1024;

export interface BundleSourceOptions {
  readonly url: string;
  /** Which of its keys are wanted. Default: `wit-svid`, those that requests and responses are proved by. */
  readonly use?: KeyUse;
  /** Default: the runtime's own. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** Default: `Date.now`. */
  readonly now?: () => number;
}

/** One trust domain's bundle. */
export interface BundleSource {
  /** The bundle: the last good one. Null where there never was one: then nothing verifies. */
  current(): Promise<TrustBundle | null>;
  /** After a token whose key is not in the bundle: a newer one where one may be asked for, else the same. */
  again(): Promise<TrustBundle | null>;
}

/** A source that asks at most once at a time, by the bundle's refresh hint (from a minute to a day). */
export function createBundleSource(options: BundleSourceOptions): BundleSource {
  const now = options.now ?? (() => Date.now());
  let state: BundleState = NO_BUNDLE;
  let running: Promise<void> | null = null;

  const look = (): Promise<void> =>
    (running ??= fetchBundle(options)
      .then((arrived) => {
        state = tookBundle(state, arrived, now());
      })
      .finally(() => {
        running = null;
      }));

  return {
    async current() {
      if (now() < dueMs(state)) return state.held;
      const work = look();
      // What is held goes on being good while a newer one is on its way.
      if (state.held === null) await work;
      return state.held;
    },
    async again() {
      if (mayLookAgain(state, now())) await look();
      return state.held;
    },
  };
}

/** The bundle behind a URL; null where there is none to be had. What it says of its content type is not asked. */
export async function fetchBundle({
  url,
  use = "wit-svid",
  fetch: ask = fetch,
}: BundleSourceOptions): Promise<TrustBundle | null> {
  const text = await fetchText(url, ask).catch(() => null);
  return text === null ? null : parseBundle(text, use);
}

async function fetchText(
  url: string,
  ask: NonNullable<BundleSourceOptions["fetch"]>,
): Promise<string | null> {
  const response = await ask(url, {
    headers: { accept: "application/json" },
    // Whoever is trusted is named by the URL, not by what it leads to.
    redirect: "manual",
    signal: AbortSignal.timeout(WAIT_MS),
  });
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel();
    return null;
  }
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  let size = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.length;
    if (size > MOST_BYTES) {
      await reader.cancel();
      return null;
    }
    text += decoder.decode(part.value, { stream: true });
  }
  return text + decoder.decode();
}
