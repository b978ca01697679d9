// What a session is on the wire and how long it lives: late, since few routes keep sessions.
import { fnv } from "../../algorithms/hash/fnv.ts";
import type { Backend, Rule, Session } from "../../contract/rule.ts";
import type { HttpParts, OutboundCall } from "../../pipeline/call.ts";
import { cookieOf } from "../../pipeline/cookie.ts";
import type { Body } from "../../pipeline/late.ts";
import type { Outcome } from "../../pipeline/outcome.ts";
import { changed } from "../../pipeline/transform.ts";

/** A session a client has shown: the tags of its backend and endpoint, and when it began. */
interface Known {
  readonly backend: string;
  readonly endpoint: string;
  readonly sinceMs: number;
}

/**
 * A session that lives leads to its backend whatever the weights are now, and to its endpoint; where either is gone, or a
 * retry went elsewhere, a new one begins with what answered.
 */
export const keep: Body<OutboundCall, Session> = async (call, given, next) => {
  const now = call.isolate.now();
  const known = call.http === null ? null : living(given, call.http, now);
  if (known !== null && call.rule !== null) follow(call, call.rule, known);
  const outcome = await next(call);
  if (outcome.kind !== "answer" || call.endpoint === null || call.backend === null) return outcome;
  const token = { backend: tagOf(call.backend), endpoint: tag(call.endpoint.id) };
  const isKept = known?.backend === token.backend && known.endpoint === token.endpoint;
  return isKept ? outcome : told(outcome, given, { ...token, sinceMs: now }, call.http);
};

/** Names of services and endpoints are nobody's business outside. */
const tag = (text: string): string => fnv(text).toString(36);
const tagOf = ({ service, port }: Backend): string => tag(`${service}:${port ?? ""}`);

function living(
  { header, cookie, absoluteMs }: Session,
  http: HttpParts,
  now: number,
): Known | null {
  const text =
    header === undefined
      ? cookieOf(http.headers["cookie"] ?? "", cookie ?? "")
      : (http.headers[header] ?? null);
  const [backend = "", endpoint = "", since = ""] = (text ?? "").split(".");
  const sinceMs = Number.parseInt(since, 36) * 1000;
  // Who claims another beginning gains a longer session with an endpoint that is open to all.
  if (Number.isNaN(sinceMs) || (absoluteMs !== undefined && now - sinceMs >= absoluteMs))
    return null;
  return { backend, endpoint, sinceMs };
}

function follow(call: OutboundCall, rule: Rule, known: Known): void {
  const backend = rule.backends.find((one) => one.invalid !== true && tagOf(one) === known.backend);
  if (backend === undefined) return;
  call.kept = backend;
  const endpoints = call.isolate.table()?.service(backend.service)?.endpoints ?? [];
  const pin = endpoints.find(({ id }) => tag(id) === known.endpoint)?.id;
  if (pin !== undefined) call.pin = pin;
}

function told(
  outcome: Outcome,
  { header, cookie, path, absoluteMs, isPermanent }: Session,
  { backend, endpoint, sinceMs }: Known,
  http: HttpParts | null,
): Outcome {
  const token = `${backend}.${endpoint}.${Math.floor(sinceMs / 1000).toString(36)}`;
  if (header !== undefined) return changed(outcome, { set: [[header, token]] });
  const age = isPermanent === true ? `; Max-Age=${Math.floor((absoluteMs ?? 0) / 1000)}` : "";
  const secure = http?.url.startsWith("https:") === true ? "; Secure" : "";
  const text = `${cookie}=${token}; Path=${path ?? "/"}${age}; HttpOnly; SameSite=Lax${secure}`;
  return changed(outcome, { add: [["set-cookie", text]] });
}
