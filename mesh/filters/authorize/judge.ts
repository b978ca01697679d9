// How policies are asked about one call: late, since few Workers are selected by any.
import { type Decision, decide, decideShadow } from "../../algorithms/authorize/decide.ts";
import { policyPath } from "../../algorithms/authorize/path.ts";
import { scopeAt } from "../../algorithms/authorize/scope-at.ts";
import type { DefaultAction, PolicyChunk, PolicyScope } from "../../contract/policy.ts";
import type { Reason } from "../../contract/reasons.ts";
import type { InboundCall } from "../../pipeline/call.ts";
import type { Isolate } from "../../pipeline/isolate.ts";
import type { Body } from "../../pipeline/late.ts";
import { refuse } from "../../pipeline/outcome.ts";
import { type Question, askedOfHttp, withPath } from "./asked.ts";

/** Decides for one call on its way in; a refusal names its policy in log and metric only. */
export const judge: Body<InboundCall, PolicyChunk> = (call, chunk, next) => {
  const scope = scopeAt(chunk, call.entrypoint);
  const asked = askedOf(call);
  const raw = asked.path;
  const { reason, detail } = weigh(scope, asked, defaultOf(call.isolate));
  if (reason !== null) return refuse(reason, detail);
  if (detail !== "") call.detail = detail;
  if (call.request !== null && asked.path !== raw)
    call.request = new Request(withPath(call.request.url, raw, asked.path), call.request);
  if (call.rpc !== null && scope !== null) call.mayUse = mayUse(call, scope, asked);
  return next(call);
};

/** What came of it: why not, and what log and metric are told. */
export interface Weighed {
  readonly reason: Reason | null;
  readonly detail: string;
}

/** Decides; where the scope speaks of paths, an ambiguous one is refused and a good one put in its plain form. */
export function weigh(
  scope: PolicyScope | null,
  asked: Question,
  defaultAction: DefaultAction,
): Weighed {
  if (scope?.paths === true && asked.rpc === null) {
    const path = policyPath(asked.path);
    if (path === null) return { reason: "ambiguous_path", detail: `from ${asked.principal}` };
    asked.path = path;
  }
  const made = decide(scope, asked, defaultAction);
  const shadow = scope === null ? null : decideShadow(scope, asked, defaultAction, made);
  const told = shadow === null ? "" : `shadow: ${shadow.reason ?? "allowed"}${byOf(shadow)}`;
  if (made.reason === null) return { reason: null, detail: told };
  const detail = [wordsOf(made, asked), told].filter((words) => words !== "").join("; ");
  return { reason: made.reason, detail };
}

/** What holds where no policy selects. */
export const defaultOf = (isolate: Isolate): DefaultAction =>
  isolate.table()?.defaults.authorization?.defaultAction ?? "allow-bound";

/** Members of what the call returns are methods of it by policy too, as `Entrypoint.open().charge`. */
const mayUse =
  (call: InboundCall, scope: PolicyScope, asked: Question) =>
  (member: string): Reason | null => {
    const own = { ...asked, rpc: `${asked.rpc}${member}` };
    const made = decide(scope, own, defaultOf(call.isolate));
    if (made.reason !== null) tell(call, made.reason, wordsOf(made, own));
    return made.reason;
  };

/** A denial is a call of its own in log and metric. */
function tell(call: InboundCall, reason: Reason, detail: string): void {
  call.isolate.record({
    side: "inbound",
    source: call.principal,
    destination: call.isolate.workload,
    endpoint: call.entrypoint,
    route: "",
    status: 0,
    reason,
    attempts: 1,
    retries: 0,
    durationMs: 0,
    traceId: call.context?.traceId ?? "",
    bypassed: [],
    detail,
  });
}

function askedOf(call: InboundCall): Question {
  const { request, rpc, isolate } = call;
  const caller = {
    principal: toPrincipal(call.principal, isolate.trustDomain),
    via: call.viaRelay ? ("relay" as const) : ("direct" as const),
    claims: undefined,
  };
  if (request !== null && rpc === null)
    return askedOfHttp(caller, request.method, request.url, (name) => request.headers.get(name));
  const entrypoint = call.entrypoint === "" ? "default" : call.entrypoint;
  const method = `${entrypoint}.${rpc?.path.join(".") ?? ""}`;
  return { ...caller, rpc: method, method: "", host: "", port: "", path: "", header: undefined };
}

/** `namespace/name` is of this trust domain; a SPIFFE id says its own. */
function toPrincipal(caller: string, trustDomain: string): string {
  if (caller.startsWith("spiffe://")) return caller.slice(9);
  const slash = caller.indexOf("/");
  return `${trustDomain}/ns/${caller.slice(0, slash)}/sa/${caller.slice(slash + 1)}`;
}

const byOf = ({ policy }: Decision): string => (policy === "" ? "" : ` by ${policy}`);
const wordsOf = (made: Decision, asked: Question): string =>
  `${asked.principal} ${asked.rpc ?? `${asked.method} ${asked.path}`}${byOf(made)}`;
