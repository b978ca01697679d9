// Spans of an isolate: one per logical call and one per attempt, with the ids that go on the wire; late, since few meshes
// want them.
import { TRACEPARENT } from "../contract/headers.ts";
import { RESOURCE_ATTRIBUTES, SPAN_ATTRIBUTES } from "../contract/telemetry.ts";
import type { OutboundCall } from "../pipeline/call.ts";
import { randomHex } from "../pipeline/context.ts";
import type { Late, SpanEvent, Tracer } from "../pipeline/late.ts";
import type { Outcome } from "../pipeline/outcome.ts";
import { now, random, sleep } from "./clock.ts";
import { createExporter } from "./exporter.ts";
import { SPAN_KIND, toOtlp, type Attributes, type Span } from "./otlp.ts";

const A = SPAN_ATTRIBUTES;
const SAMPLED = 1;
/** What OpenTelemetry knows by name; any other method is `_OTHER`. */
const METHODS = new Set("CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE QUERY".split(" "));

interface Kept extends Span {
  readonly workload: string;
}

/** Makes an isolate's tracer; `instance` names the isolate. */
export const createTracer: Late["createTracer"] = (instance, count): Tracer => {
  const times = (event: SpanEvent, spans: number): void => {
    for (let span = 0; span < spans; span++) count(event);
  };
  const logicalIds = new WeakMap<OutboundCall, string>();
  const exporter = createExporter<Kept>(
    (spans) => toOtlp(resourceOf(spans[0]?.workload ?? "", instance()), spans),
    { now, sleep, post, count: times },
  );

  function keep(call: OutboundCall, span: Omit<Kept, keyof Common>): void {
    const url = call.isolate.table()?.defaults.tracing?.otlpUrl;
    if (url === undefined) return;
    exporter.add({ ...commonOf(call), ...span }, url, (work) => call.scope.keeper.waitUntil(work));
  }

  return {
    attempting(call) {
      if (!isTraced(call)) return;
      if (!logicalIds.has(call)) logicalIds.set(call, call.spanId);
      call.spanId = randomHex(16, random);
    },
    attempted(call, outcome, startMs) {
      const parentSpanId = logicalIds.get(call);
      if (parentSpanId === undefined) return;
      const resends = call.dispatched - 1;
      keep(call, {
        spanId: call.spanId,
        parentSpanId,
        kind: SPAN_KIND.client,
        startMs,
        isError: isError(call, outcome, 400),
        attributes: {
          ...attributesOf(call, outcome, 400),
          [A.endpoint]: call.endpoint?.id,
          [A.resendCount]: call.http === null || resends < 1 ? undefined : resends,
        },
      });
    },
    called(call, outcome, startMs) {
      if (!isTraced(call)) return;
      const isEdge = call.side === "edge";
      const least = isEdge ? 500 : 400;
      const { scope } = call;
      keep(call, {
        spanId: logicalIds.get(call) ?? call.spanId,
        parentSpanId: scope.isRoot === true ? "" : scope.context.spanId,
        kind: isEdge ? SPAN_KIND.server : SPAN_KIND.internal,
        startMs,
        isError: isError(call, outcome, least),
        attributes: {
          ...attributesOf(call, outcome, least),
          [A.side]: call.side,
          [A.route]: call.rule?.route,
          [A.attempts]: call.dispatched,
        },
      });
    },
  };
};

type Common = Pick<Kept, "traceId" | "tracestate" | "flags" | "name" | "endMs" | "workload">;

const commonOf = ({ scope, isolate, ...call }: OutboundCall): Common => ({
  traceId: scope.context.traceId,
  tracestate: scope.context.tracestate,
  flags: scope.context.flags,
  name: nameOf(call),
  endMs: isolate.now(),
  workload: isolate.workload,
});

/** Drawn by the trace id's own randomness (W3C Trace Context level 2), so that every hop draws the same. */
function isTraced({ isolate, scope }: OutboundCall): boolean {
  const { traceId, flags } = scope.context;
  const share = isolate.table()?.defaults.tracing?.sampling ?? 0;
  return (flags & SAMPLED) === SAMPLED && Number.parseInt(traceId.slice(18), 16) < share * 2 ** 56;
}

/** Of few different values: never a path. */
function nameOf(call: Pick<OutboundCall, "http" | "rpc" | "endpoint" | "dialled">): string {
  if (call.http === null) return rpcMethod(call);
  return METHODS.has(call.http.method) ? call.http.method : "HTTP";
}

function rpcMethod({ rpc, endpoint, dialled }: Pick<OutboundCall, "rpc" | "endpoint" | "dialled">) {
  const entrypoint = endpoint?.entrypoint ?? dialled.entrypoint ?? "default";
  return `${entrypoint}/${rpc?.path.join(".") ?? ""}`;
}

function attributesOf(call: OutboundCall, outcome: Outcome, least: number): Attributes {
  const { http } = call;
  const peer = call.chunk?.service ?? (call.dialled.service || call.backend?.service);
  const shared = {
    [A.server]: peer,
    [A.peer]: peer,
    [A.error]: errorOf(call, outcome, least),
  };
  if (http === null)
    return { ...shared, [A.rpcSystem]: "workers_rpc", [A.rpcMethod]: rpcMethod(call) };
  const isKnown = METHODS.has(http.method);
  const status = outcome.kind === "answer" ? outcome.status : 0;
  return {
    ...shared,
    [A.method]: isKnown ? http.method : "_OTHER",
    [A.originalMethod]: isKnown ? undefined : http.method,
    [A.statusCode]: status === 0 ? undefined : status,
    [A.scheme]: http.url.slice(0, http.url.indexOf(":")),
  };
}

/** Our reason, else the status; a caller that broke off is no error. */
function errorOf(call: OutboundCall, outcome: Outcome, least: number): string | undefined {
  const reason = outcome.kind === "answer" ? call.reason : outcome.reason;
  if (reason === "client_abort") return undefined;
  if (reason !== null) return reason;
  return outcome.kind === "answer" && outcome.status >= least ? String(outcome.status) : undefined;
}

const isError = (call: OutboundCall, outcome: Outcome, least: number): boolean =>
  errorOf(call, outcome, least) !== undefined;

const R = RESOURCE_ATTRIBUTES;

function resourceOf(workload: string, instance: string): Attributes {
  const [namespace = "", name = ""] = workload.split("/");
  return {
    [R.service]: name,
    [R.namespace]: namespace,
    [R.instance]: instance,
    [R.provider]: "cloudflare",
    [R.platform]: "cloudflare.workers",
  };
}

/** Under a trace of its own that nobody follows: global fetch continues the running one otherwise. */
const post = (url: string, body: string, timeoutMs: number): Promise<Response> =>
  fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      [TRACEPARENT]: `00-${randomHex(32, random)}-${randomHex(16, random)}-00`,
    },
    body,
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
  });
