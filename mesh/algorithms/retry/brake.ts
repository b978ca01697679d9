// Owns what the edge knows of a destination beside its circuit's state: that its calls fail, and that retries are too many
// of them. A retry written in a route is bounded by nothing else.
import type { BreakerDelta, Verdict } from "../../contract/pulse.ts";
import { partsOf } from "../breaker/policy.ts";

/** What is counted is counted for as long, ms, in halves. */
export const BRAKE_WINDOW_MS = 5000;
/** Calls from which on a share of them says something. */
export const LEAST_CALLS = 20;
/** Attempts from which on retries can be a storm, 40 a second: the few of a destination that is hardly called are none. */
export const LEAST_ATTEMPTS = 200;
/** Share of failed calls from which on a destination is rough. */
export const ROUGH_SHARE = 0.05;
/** Share of retries above which they are braked, and the one below which they go out again. */
export const BRAKE_SHARE = 0.2;
export const RELEASE_SHARE = 0.1;
/** What was said so long ago is not believed, ms: by who hands it on, and by an isolate that hears nothing. */
export const HANDED_ON_MS = 10_000;
export const HEARD_MS = 60_000;

/** What a verdict says beside the state of its circuit. */
export type Weather = Pick<Verdict, "isRough" | "isBraked">;

/** What was told within a window. */
export interface Tally {
  readonly ok: number;
  readonly failed: number;
  /** Of both. */
  readonly retries: number;
  /** Retries that the brake held back. */
  readonly withheld: number;
}

/** The brake of one circuit; changed in place. */
export interface Brake {
  startMs: number;
  now: Tally;
  /** Of the half window before. */
  was: Tally;
  isRough: boolean;
  isBraked: boolean;
}

const NONE: Tally = { ok: 0, failed: 0, retries: 0, withheld: 0 };

export const newBrake = (): Brake => ({
  startMs: Number.NEGATIVE_INFINITY,
  now: NONE,
  was: NONE,
  isRough: false,
  isBraked: false,
});

/** Takes what one isolate has seen. */
export const observe = (brake: Brake, delta: BreakerDelta, nowMs: number): void => {
  roll(brake, nowMs);
  const { ok, failed, retries = 0, withheld = 0 } = delta;
  brake.now = plus(brake.now, { ok, failed, retries, withheld });
};

/** How it stands now, for the verdict: what does not hold is left out. */
export const weatherNow = (brake: Brake, nowMs: number): Weather => {
  roll(brake, nowMs);
  const seen = plus(brake.was, brake.now);
  brake.isRough = isRough(seen);
  brake.isBraked = isBraked(brake.isBraked, seen);
  return weatherOf(brake);
};

/** What a verdict says of the weather. */
export const weatherOf = (said: Weather): Weather => ({
  ...(said.isRough === true ? { isRough: true } : {}),
  ...(said.isBraked === true ? { isBraked: true } : {}),
});

export const isRough = ({ ok, failed }: Tally): boolean =>
  ok + failed >= LEAST_CALLS && failed >= ROUGH_SHARE * (ok + failed);

/**
 * Whether retries are to be held back. Once they are, what counts is how many were wanted: none is made, and their cause may
 * be as it was. A few calls are enough to hold on, none at all let go.
 */
export const isBraked = (was: boolean, { ok, failed, retries, withheld }: Tally): boolean => {
  const attempts = ok + failed + withheld;
  const wanted = retries + withheld;
  return was
    ? attempts > 0 && wanted >= RELEASE_SHARE * attempts
    : attempts >= LEAST_ATTEMPTS && wanted > BRAKE_SHARE * attempts;
};

/** The word that holds back retries to a service; undefined: none. */
export const brakeOn = (heard: readonly Verdict[], service: string): Verdict | undefined =>
  heard.find((said) => said.isBraked === true && isOf(said, service));

/** Whether calls to a service are known to fail. */
export const isKnownRough = (heard: readonly Verdict[], service: string): boolean =>
  heard.some((said) => (said.isRough === true || said.state !== "closed") && isOf(said, service));

const isOf = ({ object }: Verdict, service: string): boolean => partsOf(object).service === service;

const plus = (one: Tally, other: Tally): Tally => ({
  ok: one.ok + other.ok,
  failed: one.failed + other.failed,
  retries: one.retries + other.retries,
  withheld: one.withheld + other.withheld,
});

function roll(brake: Brake, nowMs: number): void {
  const half = BRAKE_WINDOW_MS / 2;
  const sinceMs = nowMs - brake.startMs;
  if (sinceMs < half) return;
  const isNext = sinceMs < BRAKE_WINDOW_MS;
  brake.was = isNext ? brake.now : NONE;
  brake.now = NONE;
  brake.startMs = isNext ? brake.startMs + half : nowMs;
}
