// Requests from outside that reach the gateway: through the edge chain, by the table's Gateways.
import { edge } from "../chains/edge.ts";
import { HEDDLE_LISTENER, IDENTITY_TOKEN } from "../contract/headers.ts";
import type { Wiring } from "../contract/wiring.ts";
import type { OutboundCall } from "../pipeline/call.ts";
import { compose, type Next } from "../pipeline/filter.ts";
import { problem } from "../pipeline/problem.ts";
import { newCall } from "../pipeline/new-call.ts";
import type { Outlet } from "./client.ts";
import type { RuntimeContext } from "./inlet.ts";
import { edgeScope, toOutside } from "./outside.ts";
import { fromRequest } from "./parts.ts";

const EDGE = { service: "", entrypoint: null } as const;

/** Serves requests from outside by the table's Gateways. */
export type Gate = (request: Request, ctx: RuntimeContext) => Promise<Response>;

/** With `verifyUser` tokens of end users are verified: the gateway's way in, before the way out of its isolate. */
export function createGate(
  outlet: Outlet,
  wiring: Wiring,
  verifyUser?: OutboundCall["verifyUser"],
): Gate {
  const chain = compose(edge);
  const means = verifyUser === undefined ? {} : { verifyUser };
  return (request, ctx) => serveEdge({ ...outlet, means }, chain, wiring, request, ctx);
}

/** Serves a request from outside through the edge chain: listener, route, split, and so on. */
async function serveEdge(
  outlet: Outlet & { readonly means: Pick<OutboundCall, "verifyUser"> },
  edge: Next<OutboundCall>,
  wiring: Wiring,
  request: Request,
  ctx: RuntimeContext,
): Promise<Response> {
  const { isolate } = outlet;
  const listener = listenerOf(request, wiring);
  const scope = edgeScope(isolate, request, ctx);
  const drawn = scope.cohort === "";
  const { parts } = fromRequest(request);
  const call: OutboundCall = {
    ...newCall(outlet, scope, EDGE, parts, null),
    side: "edge",
    listener,
    ...outlet.means,
    ...(request.headers.has(IDENTITY_TOKEN) ? { shown: [...request.headers] } : {}),
  };
  const outcome = await edge(call);
  if (outcome.kind === "answer")
    return toOutside(
      isolate,
      outcome.value as Response,
      drawn && call.isDerived !== true ? scope.cohort : "",
      request,
    );
  return problem(outcome.reason, scope.context.traceId, false);
}

/** Dev's listener ports name themselves with the run's key; from anybody else the header means nothing. */
function listenerOf(request: Request, wiring: Wiring): OutboundCall["listener"] {
  const [key, name = ""] = (request.headers.get(HEDDLE_LISTENER) ?? "").split(" ");
  if (wiring.listenerKey === undefined || key !== wiring.listenerKey) return null;
  const [namespace, gateway, listener = "", port] = name.split("/");
  return { gateway: `${namespace}/${gateway}`, listener, port: Number(port) };
}
