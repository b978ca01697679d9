// Owns the small load `npm start` puts on the shop. Open loop: arrivals come at a fixed rate, whatever the answers do.
// It knows the shop's pages and nothing of the mesh.

export interface LoadOptions {
  /** Where the shop answers. */
  readonly url: string;
  /** Arrivals per second. */
  readonly rps: number;
  /** The same seed brings the same visitors in the same order. */
  readonly seed: number;
  /** Called once a second, and a last time by `stop`. */
  readonly onStats?: (stats: LoadStats) => void;
  /** An arrival that finds this many requests unanswered is dropped and counted. Default: 64. */
  readonly maxInFlight?: number;
}

/** All counts are since the start. */
export interface LoadStats {
  readonly sent: number;
  readonly dropped: number;
  readonly inFlight: number;
  /** No answer, or one with a status of 500 or more. */
  readonly errors: number;
  /** Answers by status; `0` counts those that never came. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Answers by the version of reviews they showed. */
  readonly reviews: Readonly<Record<string, number>>;
}

export interface Load {
  /** Ends the arrivals, gives up what is unanswered, and says what there was in all. */
  stop(): Promise<LoadStats>;
}

const MAX_VISITORS = 200;
const ANSWER_TIMEOUT_MS = 10_000;
const PRODUCTS = ["linen", "wool", "towel", "reed-hook", "shuttle"] as const;

/** A small seeded generator: numbers from 0 up to 1. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One visitor's cookies. */
export class CookieJar {
  readonly #cookies = new Map<string, string>();

  /** The `cookie` header; empty where there is none. */
  header(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  /** Keeps what an answer sets; a cookie with `Max-Age=0` is dropped. */
  keep(answer: Headers): void {
    for (const line of answer.getSetCookie()) {
      const [pair = "", ...attributes] = line.split(";");
      const at = pair.indexOf("=");
      const name = pair.slice(0, at).trim();
      if (at < 1) continue;
      if (attributes.some((text) => /^\s*max-age=0*$/i.test(text))) this.#cookies.delete(name);
      else this.#cookies.set(name, pair.slice(at + 1).trim());
    }
  }
}

/** What one arrival asks for. */
interface Ask {
  readonly path: string;
  readonly form?: Readonly<Record<string, string>>;
}

/** Starts the load; it runs until it is stopped. */
export function startLoad(options: LoadOptions): Load {
  const random = mulberry32(options.seed);
  const visitors: CookieJar[] = [];
  const tally = new Tally();
  const ending = new AbortController();
  const open = new Set<Promise<void>>();
  const startMs = performance.now();
  let arrived = 0;

  const arrive = (): void => {
    arrived += 1;
    const visitor = pickVisitor(visitors, random);
    const ask = pickAsk(random);
    if (open.size >= (options.maxInFlight ?? 64)) {
      tally.dropped += 1;
      return;
    }
    tally.sent += 1;
    const asked = send(options.url, ask, visitor, ending.signal, tally).finally(() => {
      open.delete(asked);
    });
    open.add(asked);
  };
  const tick = (): void => {
    const due = Math.floor(((performance.now() - startMs) * options.rps) / 1000);
    while (arrived < due) arrive();
    const nextMs = startMs + ((arrived + 1) * 1000) / options.rps - performance.now();
    timer = setTimeout(tick, Math.max(1, nextMs));
  };
  let timer = setTimeout(tick, 0);
  const report = (): void => options.onStats?.(tally.stats(open.size));
  const reports = setInterval(report, 1000);

  return {
    stop: async () => {
      clearTimeout(timer);
      clearInterval(reports);
      ending.abort();
      await Promise.all(open);
      report();
      return tally.stats(0);
    },
  };
}

class Tally {
  sent = 0;
  dropped = 0;
  errors = 0;
  readonly #statuses: Record<string, number> = {};
  readonly #reviews: Record<string, number> = {};

  count(status: number, version: string | undefined): void {
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1;
    if (status === 0 || status >= 500) this.errors += 1;
    if (version !== undefined) this.#reviews[version] = (this.#reviews[version] ?? 0) + 1;
  }

  stats(inFlight: number): LoadStats {
    const { sent, dropped, errors } = this;
    const [statuses, reviews] = [{ ...this.#statuses }, { ...this.#reviews }];
    return { sent, dropped, inFlight, errors, statuses, reviews };
  }
}

/** One in four comes for the first time; the shop remembers the last 200. */
function pickVisitor(visitors: CookieJar[], random: () => number): CookieJar {
  const isNew = random() < 0.25;
  const slot = Math.floor(random() * MAX_VISITORS);
  const known = visitors[slot % Math.max(1, visitors.length)];
  if (known !== undefined && !isNew) return known;
  const visitor = new CookieJar();
  if (visitors.length < MAX_VISITORS) visitors.push(visitor);
  else visitors[slot] = visitor;
  return visitor;
}

function pickAsk(random: () => number): Ask {
  const choice = random();
  const product = PRODUCTS[Math.floor(random() * PRODUCTS.length)] ?? PRODUCTS[0];
  if (choice < 0.65) return { path: "/" };
  if (choice < 0.9) return { path: `/api/reviews/${product}` };
  if (choice < 0.97) return { path: "/cart", form: { product } };
  return { path: "/checkout", form: { key: random().toString(36).slice(2) } };
}

/** Sends one request and counts what came of it; never rejects. */
async function send(
  url: string,
  ask: Ask,
  visitor: CookieJar,
  ending: AbortSignal,
  tally: Tally,
): Promise<void> {
  const cookie = visitor.header();
  try {
    const answer = await fetch(new URL(ask.path, url), {
      method: ask.form === undefined ? "GET" : "POST",
      redirect: "manual",
      headers: cookie === "" ? {} : { cookie },
      body: ask.form === undefined ? null : new URLSearchParams(ask.form),
      signal: AbortSignal.any([ending, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
    });
    visitor.keep(answer.headers);
    tally.count(answer.status, versionIn(await answer.text()));
  } catch {
    if (!ending.aborted) tally.count(0, undefined);
  }
}

/** The version of reviews that a page or an answer of the shop names. */
function versionIn(body: string): string | undefined {
  const [, inJson, inPage] = /"version":"(v\d+)"|data-reviews="(v\d+)"/.exec(body) ?? [];
  return inJson ?? inPage;
}
