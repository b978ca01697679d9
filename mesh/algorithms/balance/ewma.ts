// Owns peak EWMA (Finagle): the smoothed latency of an endpoint, that a slow answer raises at once and fast ones lower with
// time; times what is in flight it is the cost of one more call.

/** Latency of one endpoint as one isolate has seen it, changed in place. */
export interface Latency {
  ewmaMs: number;
  atMs: number;
}

/** Of an endpoint nobody has called yet (Linkerd's default round trip). */
export const FIRST_MS = 30;
/** The past counts for 1/e after this (Finagle, Linkerd). */
export const DECAY_MS = 10_000;

/** Takes in how long one call took. */
export const observeLatency = (state: Latency, tookMs: number, nowMs: number): void => {
  const decayed = decay(state, tookMs, nowMs);
  state.ewmaMs = Math.max(tookMs, decayed);
  state.atMs = nowMs;
};

/** What one more call costs: the smoothed latency times the calls in flight, with this one, per weight. */
export const ewmaCost = (
  state: Latency | undefined,
  inFlight: number,
  weight: number,
  nowMs: number,
): number => {
  const latencyMs = state === undefined ? FIRST_MS : decay(state, 0, nowMs);
  return (Math.max(latencyMs, 0.001) * (inFlight + 1)) / weight;
};

const decay = ({ ewmaMs, atMs }: Latency, towardsMs: number, nowMs: number): number => {
  const past = Math.exp(-Math.max(0, nowMs - atMs) / DECAY_MS);
  return ewmaMs * past + towardsMs * (1 - past);
};
