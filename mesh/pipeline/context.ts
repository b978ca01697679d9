// Owns the packed form of the context (docs/wire.md, "Context") and how a context is born and inherited.
import { CONTEXT_FORMAT, type CallContext } from "../contract/context.ts";

const FIELD = "~";
/** A longer header is not read. */
const MAX_LENGTH = 2048;
const TRACE = /^([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const HEX = "0123456789abcdef";
/** Retries that the call tree of one entry event may make in all, before anything says less. */
const ENTRY_ALLOWANCE = 16;

/** Random lower-case hex from a `random` in [0, 1); `digits` long. */
export function randomHex(digits: number, random: () => number): string {
  let out = "";
  while (out.length < digits) {
    let bits = (random() * 0x100000000) >>> 0;
    for (let index = 0; index < 8; index++) {
      out += HEX.charAt(bits & 15);
      bits >>>= 4;
    }
  }
  return out.length === digits ? out : out.slice(0, digits);
}

/** The context of an entry event: a new trace, no cohort, no deadline. */
export function rootContext(random: () => number): CallContext {
  return {
    traceId: randomHex(32, random),
    spanId: randomHex(16, random),
    flags: 1,
    cohort: "",
    deadlineMs: Number.POSITIVE_INFINITY,
    allowance: ENTRY_ALLOWANCE,
    priority: 1,
    depth: 0,
    invocations: 1,
    onBehalf: "",
    to: "",
  };
}

/** Packs a context for the wire; a deadline travels as milliseconds left, at least 0. */
export function packContext(context: CallContext, nowMs: number): string {
  const left =
    context.deadlineMs === Number.POSITIVE_INFINITY
      ? ""
      : String(Math.max(0, Math.floor(context.deadlineMs - nowMs)));
  const flags = context.flags < 16 ? `0${context.flags.toString(16)}` : context.flags.toString(16);
  return `${CONTEXT_FORMAT}~${context.traceId}-${context.spanId}-${flags}~${context.cohort}~${left}~${context.allowance}~${context.priority}~${context.depth}~${context.invocations}~${context.onBehalf}~${context.to}`;
}

/** Reads a packed context; null when it is malformed. A higher format and more fields are accepted, never needed. */
export function unpackContext(text: string, nowMs: number): CallContext | null {
  if (text.length > MAX_LENGTH) return null;
  const fields = text.split(FIELD);
  const [format, trace, cohort, left, allowance, priority, depth, invocations, onBehalf, to] = fields;
  if (format === undefined || !(Number(format) >= CONTEXT_FORMAT)) return null;
  if (to === undefined || onBehalf === undefined || cohort === undefined || cohort.length > 128) return null;
  const ids = TRACE.exec(trace ?? "");
  if (ids === null) return null;
  const numbers = [left === "" ? "0" : left, allowance, priority, depth, invocations].map(toCount);
  const [leftMs, retries, rank, hops, seen] = numbers;
  if (numbers.some((value) => Number.isNaN(value))) return null;
  return {
    traceId: ids[1] ?? "",
    spanId: ids[2] ?? "",
    flags: Number.parseInt(ids[3] ?? "0", 16),
    cohort,
    deadlineMs: left === "" ? Number.POSITIVE_INFINITY : nowMs + (leftMs ?? 0),
    allowance: retries ?? 0,
    priority: rank ?? 1,
    depth: hops ?? 0,
    invocations: seen ?? 0,
    onBehalf,
    to,
  };
}

/** The W3C traceparent of a context. */
export function traceparent(context: CallContext): string {
  const flags = context.flags < 16 ? `0${context.flags.toString(16)}` : context.flags.toString(16);
  return `00-${context.traceId}-${context.spanId}-${flags}`;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ZEROS = /^0+$/;

/** Reads a W3C traceparent (level 2); null when it must be ignored. */
export function readTraceparent(
  text: string,
): { traceId: string; spanId: string; flags: number } | null {
  const match = TRACEPARENT.exec(text);
  if (match === null) return null;
  const [, version, traceId = "", spanId = "", flags = "00", rest] = match;
  if (version === "ff" || (version === "00" && rest !== undefined)) return null;
  if (ZEROS.test(traceId) || ZEROS.test(spanId)) return null;
  return { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

function toCount(text: string | undefined): number {
  if (text === undefined || !/^-?\d{1,12}$/.test(text)) return Number.NaN;
  return Number(text);
}
