// Owns the packed form of the context (docs/wire.md, "Context") and how a context is born and inherited.
import { CONTEXT_FORMAT, type CallContext } from "../contract/context.ts";
import { integerIn } from "../contract/integer.ts";

/** A longer header is not read. */
const MAX_LENGTH = 8192;
/** A tracestate or baggage that is longer once written does not travel in the context. */
const MAX_CARRIED = 3072;
const FIELD = "~";
const MAX_COHORT = 128;
const VERSION = /^[1-9]\d{0,3}$/;
const NOT_BARE = /[%|~]/g;
const WRITTEN = /%(25|7c|7e)/g;
const TRACE = /^[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const MOST_DIGITS = 12;
const OWN_FORMAT = String(CONTEXT_FORMAT);
const PRINTABLE = /^[ -~]*$/;
/** The trace flags of level 2. */
const SAMPLED = 1;
const RANDOM = 2;
/** Retries that the call tree of one entry event may make in all, before anything says less. */
const ENTRY_ALLOWANCE = 16;

/** Random lower-case hex from a `random` in [0, 1); `digits` is a multiple of 8. */
export function randomHex(digits: number, random: () => number): string {
  let out = "";
  while (out.length < digits) {
    const bits = (random() * 0x100000000) >>> 0;
    out += hex(bits >>> 24) + hex((bits >>> 16) & 255) + hex((bits >>> 8) & 255) + hex(bits & 255);
  }
  return out;
}

const BYTES: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, "0"),
);
const hex = (byte: number): string => BYTES[byte] ?? "";

/** The context of an entry event: a new trace, no cohort, no deadline. */
export function rootContext(random: () => number): CallContext {
  return {
    traceId: randomHex(32, random),
    spanId: randomHex(16, random),
    flags: SAMPLED | RANDOM,
    cohort: "",
    deadlineMs: Number.POSITIVE_INFINITY,
    allowance: ENTRY_ALLOWANCE,
    priority: 1,
    depth: 0,
    invocations: 1,
    onBehalf: "",
    to: "",
    tracestate: "",
    baggage: "",
  };
}

/** Packs a context for the wire; a deadline travels as milliseconds left, at least 0. */
export function packContext(context: CallContext, nowMs: number): string {
  const left =
    context.deadlineMs === Number.POSITIVE_INFINITY
      ? ""
      : Math.max(0, Math.floor(context.deadlineMs - nowMs));
  const { beforeSpan, afterSpan, afterLeft } = sharedOf(context);
  return `${beforeSpan}${context.spanId}${afterSpan}${left}${afterLeft}${context.invocations}~${context.onBehalf}~${context.to}${packCarried(context)}`;
}

/** What the calls of one scope have in common, in packed form: they come in a row, and strings are dear to make. */
interface Shared {
  readonly context: CallContext;
  readonly parentStart: string;
  readonly parentEnd: string;
  readonly beforeSpan: string;
  readonly afterSpan: string;
  readonly afterLeft: string;
}

let shared: Shared | null = null;

function sharedOf(context: CallContext): Shared {
  if (shared === null || !isAlike(shared.context, context)) shared = shareOf(context);
  return shared;
}

const isAlike = (one: CallContext, other: CallContext): boolean =>
  one.traceId === other.traceId &&
  one.flags === other.flags &&
  one.cohort === other.cohort &&
  one.allowance === other.allowance &&
  one.priority === other.priority &&
  one.depth === other.depth;

function shareOf(context: CallContext): Shared {
  const { traceId, cohort, allowance, priority, depth } = context;
  const flags = hex(context.flags & 255);
  return {
    context,
    parentStart: `00-${traceId}-`,
    parentEnd: `-${flags}`,
    beforeSpan: `${CONTEXT_FORMAT}~${traceId}-`,
    afterSpan: `-${flags}~${cohort}~`,
    afterLeft: `~${allowance}~${priority}~${depth}~`,
  };
}

/** What most calls do not have, behind the ten fields. */
function packCarried({ tracestate, baggage }: CallContext): string {
  return tracestate === "" && baggage === "" ? "" : `~${toField(tracestate)}~${toField(baggage)}`;
}

function toField(text: string): string {
  const field = text.replace(NOT_BARE, (char) => `%${hex(char.charCodeAt(0))}`);
  return field.length > MAX_CARRIED ? "" : field;
}

/** Nothing that could not stand in a header comes out. */
const fromField = (field: string): string =>
  field !== "" && PRINTABLE.test(field)
    ? field.replace(WRITTEN, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    : "";

/** Reads a packed context; null when it is malformed. A higher format and more fields are accepted, never needed. */
export function unpackContext(text: string, nowMs: number): CallContext | null {
  if (text.length > MAX_LENGTH) return null;
  const cursor = { text, at: 0 };
  const format = nextField(cursor);
  const trace = nextField(cursor);
  const cohort = nextField(cursor);
  const left = nextField(cursor);
  const leftMs = left === "" ? Number.POSITIVE_INFINITY : toCount(left);
  const retries = nextField(cursor);
  const allowance = retries === "-1" ? -1 : toCount(retries);
  const priority = toCount(nextField(cursor));
  const depth = toCount(nextField(cursor));
  const invocations = toCount(nextField(cursor));
  const onBehalf = nextField(cursor);
  const to = nextField(cursor);
  if (isSpent(cursor) || cohort.length > MAX_COHORT) return null;
  if (Number.isNaN(leftMs + allowance + priority + depth + invocations)) return null;
  if (!isVersion(format) || !TRACE.test(trace)) return null;
  return {
    traceId: trace.slice(0, 32),
    spanId: trace.slice(33, 49),
    flags: Number.parseInt(trace.slice(50), 16),
    cohort,
    deadlineMs: nowMs + leftMs,
    allowance,
    priority,
    depth,
    invocations,
    onBehalf,
    to,
    tracestate: fromField(nextField(cursor)),
    baggage: fromField(nextField(cursor)),
  };
}

/** A text, and where its next field begins: behind its end once the last one was read. */
interface Cursor {
  readonly text: string;
  at: number;
}

/** The next field; empty behind the last one. `split` of the runtime keeps what it has split, and is dear for a text seen once. */
function nextField(cursor: Cursor): string {
  const { text, at } = cursor;
  const tilde = text.indexOf(FIELD, at);
  const end = tilde < 0 ? text.length : tilde;
  cursor.at = at > text.length ? text.length + 2 : end + 1;
  return text.slice(at, end);
}

/** More was read than there is. */
const isSpent = ({ text, at }: Cursor): boolean => at > text.length + 1;

/** The W3C traceparent of a context. */
export function traceparent(context: CallContext): string {
  const { parentStart, parentEnd } = sharedOf(context);
  return parentStart + context.spanId + parentEnd;
}

/** A comma inside: two headers that were joined. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[^,]*)?$/;
const ZEROS = /^0+$/;

/** Reads a W3C traceparent (level 2), of which the flags that level 2 knows; null when it must be ignored. */
export function readTraceparent(
  text: string,
): { traceId: string; spanId: string; flags: number } | null {
  const match = TRACEPARENT.exec(text);
  if (match === null) return null;
  const [, version, traceId = "", spanId = "", flags = "00", rest] = match;
  if (version === "ff" || (version === "00" && rest !== undefined)) return null;
  if (ZEROS.test(traceId) || ZEROS.test(spanId)) return null;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) & (SAMPLED | RANDOM) };
}

function toCount(text: string): number {
  const count = integerIn(text, 0, text.length, MOST_DIGITS);
  return count < 0 ? Number.NaN : count;
}

const isVersion = (format: string): boolean => format === OWN_FORMAT || VERSION.test(format);
