// Owns the last step of the way out: one fetch or one RPC on the chosen binding, and what came of it.
import { HEDDLE_REASON } from "../../contract/headers.ts";
import { isReason, type Reason } from "../../contract/reasons.ts";
import type { HttpParts, OutboundCall, RpcParts } from "../../pipeline/call.ts";
import { classifyThrown } from "../../pipeline/classify.ts";
import { dispose } from "../../pipeline/dispose.ts";
import type { EndpointBinding } from "../../pipeline/isolate.ts";
import { toLate } from "../../pipeline/late.ts";
import { answer, fail, refuse, type Outcome } from "../../pipeline/outcome.ts";
import { isRefused } from "../../pipeline/problem.ts";

/** Terminal of the outbound and edge chains: never rejects; one timer at most. */
export function dispatch(call: OutboundCall): Promise<Outcome> | Outcome {
  const { binding, http, rpc } = call;
  if (binding === null) return refuse("not_bound", call.dialled.service);
  call.dispatched += 1;
  try {
    if (http !== null) return dispatchHttp(call, binding, http);
    if (rpc !== null) return dispatchRpc(call, binding, rpc);
  } catch (error) {
    return thrown(call, error);
  }
  return refuse("mesh_error", "neither HTTP nor RPC");
}

const dispatchHttp = (
  call: OutboundCall,
  binding: EndpointBinding,
  http: HttpParts,
): Promise<Outcome> =>
  binding.fetch(http.url, initOf(call, http)).then(
    (response) => received(call, response),
    (error: unknown) => thrown(call, error),
  );

function received(call: OutboundCall, response: Response): Promise<Outcome> | Outcome {
  const { status } = response;
  if (status >= 400) {
    const reason = response.headers.get(HEDDLE_REASON);
    if (isReason(reason))
      return refusedThere(call, response, reason).catch((error: unknown) => thrown(call, error));
  }
  if (call.checkAnswer === null) return answer(response, status);
  const checked = toLate(
    call.isolate.late()?.checkAnswer,
    call,
    { value: response, status },
    dispatch,
  );
  return checked instanceof Promise
    ? checked.catch((error: unknown) => thrown(call, error))
    : checked;
}

function initOf(call: OutboundCall, http: HttpParts): RequestInit {
  const init: RequestInit = { headers: http.headers, redirect: "manual" };
  if (http.method !== "GET") init.method = http.method;
  if (http.body !== null) init.body = http.body;
  const signal = signalOf(call, http.signal);
  if (signal !== null) init.signal = signal;
  if (http.cf !== undefined) init.cf = http.cf as NonNullable<RequestInit["cf"]>;
  if (http.extra !== undefined) Object.assign(init, http.extra);
  if (http.cookies !== undefined) init.headers = withCookies(http.headers, http.cookies);
  return init;
}

function withCookies(headers: HttpParts["headers"], cookies: readonly string[]): Headers {
  const all = new Headers(headers);
  all.delete("set-cookie");
  for (const cookie of cookies) all.append("set-cookie", cookie);
  return all;
}

/** The callee's mesh refused: an unknown epoch is proved again, anything else is the caller's answer as it is. */
async function refusedThere(
  call: OutboundCall,
  response: Response,
  reason: Reason,
): Promise<Outcome> {
  // Nobody has signed a refusal: of a destination that must sign, its reason is taken over and nothing else.
  if (reason === "unknown_epoch" || call.checkAnswer !== null) {
    await response.body?.cancel();
    return refuse(reason, endpointOf(call));
  }
  call.reason = reason;
  // Handed on by the application, it would speak for the application's own mesh.
  const told = new Response(response.body, response);
  told.headers.delete(HEDDLE_REASON);
  return answer(told, told.status);
}

function dispatchRpc(
  call: OutboundCall,
  binding: EndpointBinding,
  rpc: RpcParts,
): Promise<Outcome> {
  const pending = binding.dispatch([call.envelope, rpc.path, rpc.args]);
  call.sent = pending;
  const isBounded = call.attemptEndMs !== Number.POSITIVE_INFINITY;
  return (isBounded ? within(call, pending) : pending).then(
    (value) => returned(call, value),
    (error: unknown) => thrown(call, error),
  );
}

function returned(call: OutboundCall, value: unknown): Outcome {
  if (value === LATE) return late(call);
  if (!isRefused(value)) return answer(value, 0);
  return refuse(value.heddleRefused, `by ${endpointOf(call)}`);
}

function late(call: OutboundCall): Outcome {
  const isOver = call.deadlineMs <= call.attemptEndMs;
  return refuse(isOver ? "deadline_exceeded" : "per_try_timeout", endpointOf(call));
}

const LATE = Symbol("late");

/** Races the call against its end; a stub that arrives too late is disposed. */
async function within(call: OutboundCall, pending: Promise<unknown>): Promise<unknown> {
  const leftMs = call.attemptEndMs - call.isolate.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(() => resolve(LATE), Math.max(0, leftMs));
  });
  const value = await Promise.race([pending, end]);
  if (timer !== undefined) clearTimeout(timer);
  if (value === LATE) call.scope.keeper.waitUntil(pending.then(dispose, nothing));
  return value;
}

const nothing = (): void => undefined;

function signalOf(call: OutboundCall, own: AbortSignal | null): AbortSignal | null {
  if (call.attemptEndMs === Number.POSITIVE_INFINITY) return own;
  const timer = AbortSignal.timeout(
    Math.max(1, Math.floor(call.attemptEndMs - call.isolate.now())),
  );
  return own === null ? timer : AbortSignal.any([own, timer]);
}

function thrown(call: OutboundCall, error: unknown): Outcome {
  const reason = classifyThrown(error, {
    nowMs: call.isolate.now(),
    deadlineMs: call.deadlineMs,
    attemptEndMs: call.attemptEndMs,
    isCallerAborted: call.http?.signal?.aborted === true,
  });
  // Both are ends that the mesh has set: the caller gets its answer, not the exception of our own signal.
  if (reason === "deadline_exceeded" || reason === "per_try_timeout")
    return refuse(reason, endpointOf(call));
  return fail(reason, error);
}

const endpointOf = ({ endpoint }: OutboundCall): string => endpoint?.id ?? "";
