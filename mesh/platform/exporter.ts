// Sends spans to a collector behind the calls they are of: a bounded buffer, batches, patience, and a count of what was
// given up.

import { SPANS, SPANS_DROPPED } from "../contract/telemetry.ts";
import type { SpanEvent } from "../pipeline/late.ts";

/** Spans held at most; newer ones are given up. */
export const MOST_SPANS = 2048;
/** Spans in one request. */
const BATCH = 512;
/** Gathering before a batch goes. */
const GATHER_MS = 1000;
const REQUEST_MS = 10_000;
/** Between tries, doubled each time; what is still there afterwards waits for the next call. */
const BACKOFF_MS = 1000;
const MOST_TRIES = 4;
/** No try begins later than this: the platform ends what outlives its answer by 30 s. */
const SEND_MS = 18_000;
/** One that was not heard of for this long died with the request that carried it. */
const LOST_MS = 45_000;
/** No collector is left alone for longer, whatever it asks. */
const MOST_PATIENCE_MS = 300_000;
/** Statuses after which the same batch may be sent again (OTLP specification 1.x, "Retryable Response Codes"). */
const RETRYABLE = [429, 502, 503, 504];

/** What sending needs of the runtime. */
export interface ExporterPorts {
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly post: (url: string, body: string, timeoutMs: number) => Promise<Response>;
  /** Spans that the collector took, and those given up. */
  readonly count: (event: SpanEvent, spans: number) => void;
}

export interface Exporter<S> {
  /** Never waits; `keep` keeps the sending alive. */
  add(span: S, url: string, keep: (work: Promise<void>) => void): void;
}

export function createExporter<S>(
  encode: (spans: readonly S[]) => string,
  ports: ExporterPorts,
): Exporter<S> {
  const waiting: S[] = [];
  let sinceMs = Number.NEGATIVE_INFINITY;
  /** The collector asked for peace until then. */
  let peaceMs = Number.NEGATIVE_INFINITY;

  async function send(url: string): Promise<void> {
    const endMs = ports.now() + SEND_MS;
    await ports.sleep(GATHER_MS);
    for (let tries = 0; waiting.length > 0 && tries < MOST_TRIES && ports.now() < endMs;) {
      const batch = waiting.slice(0, BATCH);
      const reply = await posted(url, encode(batch), ports);
      if ("laterMs" in reply) {
        const waitMs = Math.max(reply.laterMs, BACKOFF_MS * 2 ** tries++);
        peaceMs = ports.now() + reply.laterMs;
        if (peaceMs >= endMs) break;
        await ports.sleep(waitMs);
        continue;
      }
      waiting.splice(0, batch.length);
      const dropped = Math.min(reply.rejected, batch.length);
      if (dropped > 0) ports.count(SPANS_DROPPED, dropped);
      if (dropped < batch.length) ports.count(SPANS, batch.length - dropped);
    }
    sinceMs = Number.NEGATIVE_INFINITY;
  }

  return {
    add(span, url, keep) {
      if (waiting.length >= MOST_SPANS) ports.count(SPANS_DROPPED, 1);
      else waiting.push(span);
      const nowMs = ports.now();
      if (nowMs - sinceMs < LOST_MS || nowMs < peaceMs) return;
      sinceMs = nowMs;
      keep(send(url));
    },
  };
}

/** How many spans of a batch a collector does not take, or for how long it wants to hear nothing before it may take them. */
type Reply = { readonly rejected: number } | { readonly laterMs: number };

async function posted(url: string, body: string, ports: ExporterPorts): Promise<Reply> {
  try {
    const response = await ports.post(url, body, REQUEST_MS);
    const said = await response.text();
    if (response.ok) return { rejected: rejectedOf(said) };
    if (!RETRYABLE.includes(response.status)) return { rejected: Number.POSITIVE_INFINITY };
    return { laterMs: retryAfterMs(response.headers.get("retry-after") ?? "", ports.now()) };
  } catch {
    return { laterMs: 0 };
  }
}

/** Seconds or a date (RFC 9110, 10.2.3); 0 where it says neither. */
function retryAfterMs(text: string, nowMs: number): number {
  const askedMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Math.min(MOST_PATIENCE_MS, Math.max(0, askedMs || 0));
}

/** A success may be partial; most collectors answer `{}`, or nothing. */
function rejectedOf(text: string): number {
  try {
    const { partialSuccess } = JSON.parse(text) as {
      readonly partialSuccess?: { readonly rejectedSpans?: string | number };
    };
    return Math.max(0, Number(partialSuccess?.rejectedSpans ?? 0)) || 0;
  } catch {
    return 0;
  }
}
