// Edge only: who the end user is, where a token says so that a RequestAuthentication of the Gateway believes.
import { WORD_CLAIMS, spreadClaims } from "../../algorithms/authorize/claims.ts";
import type { UserIssuer } from "../../contract/policy.ts";
import { memberOf } from "../../identity/outward/strict-json.ts";
import type { HttpParts, OutboundCall } from "../../pipeline/call.ts";
import type { Filter, Next } from "../../pipeline/filter.ts";
import { refuse, type Outcome } from "../../pipeline/outcome.ts";

/** A request without a token is from nobody in particular; one with a bad token is refused. */
export const endUser: Filter<OutboundCall> = {
  name: "end-user",
  doc: "Says who the end user is, by a verified token; after listen, which finds the Gateway, and before policy.",
  after: ["strip", "listen"],
  wrap: (next) => (call) => {
    const { http, gateway = "" } = call;
    const users = call.isolate.table()?.policy(`gateway:${gateway}`)?.users;
    return users === undefined || http === null ? next(call) : identify(call, http, users, next);
  },
};

function identify(
  call: OutboundCall,
  { headers }: HttpParts,
  users: readonly UserIssuer[],
  next: Next<OutboundCall>,
): Promise<Outcome> | Outcome {
  dropClaims(headers, users);
  const shown = headers["authorization"];
  // Other schemes are the application's business.
  if (shown === undefined || !/^bearer(?: |$)/i.test(shown)) return next(call);
  return verify(call, headers, { shown, users }, next);
}

async function verify(
  call: OutboundCall,
  headers: HttpParts["headers"],
  { shown, users }: { readonly shown: string; readonly users: readonly UserIssuer[] },
  next: Next<OutboundCall>,
): Promise<Outcome> {
  const verdict = await call.verifyUser?.(shown, users, call.isolate.now());
  if (verdict === undefined) return refuse("mesh_error", "nobody here verifies tokens");
  if ("fault" in verdict) return refuse("unauthenticated", `token: ${verdict.fault}`);
  const { claims, issuer } = verdict;
  call.claims = spreadClaims(claims, WORD_CLAIMS);
  for (const { name, claim } of issuer.headers) {
    const text = textOf(claim.reduce<unknown>(memberAt, claims));
    if (text !== null) headers[name] = text;
  }
  if (!issuer.forwards) delete headers["authorization"];
  return next(call);
}

/** What a client says of itself there, in any spelling. */
function dropClaims(headers: HttpParts["headers"], users: readonly UserIssuer[]): void {
  const names = new Set(users.flatMap((issuer) => issuer.headers.map(({ name }) => name)));
  if (names.size === 0) return;
  for (const name of Object.keys(headers))
    if (names.has(name.replaceAll("_", "-"))) delete headers[name];
}

const memberAt = (at: unknown, name: string): unknown =>
  typeof at === "object" && at !== null
    ? memberOf(at as Readonly<Record<string, unknown>>, name)
    : undefined;

/** A claim as a header's value; null for what cannot stand in one. */
function textOf(value: unknown): string | null {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isPlain = list.every((item) => ["string", "number", "boolean"].includes(typeof item));
  const text = list.join(",");
  return isPlain && /^[ -~]+$/.test(text) ? text : null;
}
