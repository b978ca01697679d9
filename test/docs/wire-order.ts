// Finds the order of packed fields by packing values that can be told apart: the docs are compared with what is sent.
import type { CallContext } from "../../mesh/contract/context.ts";
import { type PairKeys, pairKeys } from "../../mesh/identity/derive.ts";
import { formatRequest, formatSession } from "../../mesh/identity/envelope.ts";
import { createKeyring } from "../../mesh/identity/keyring.ts";
import { macOf } from "../../mesh/identity/mac.ts";
import { mintAnswer, mintRequest } from "../../mesh/identity/request.ts";
import { Secret } from "../../mesh/identity/secret.ts";
import { mintSession } from "../../mesh/identity/session.ts";
import { packContext } from "../../mesh/pipeline/context.ts";

const context: CallContext = {
  traceId: "1".repeat(32),
  spanId: "2".repeat(16),
  flags: 3,
  cohort: "4",
  deadlineMs: 5,
  allowance: 6,
  priority: 7,
  depth: 8,
  invocations: 9,
  onBehalf: "10",
  to: "11",
  tracestate: "12",
  baggage: "13",
};

const session = { kid: "1", subject: "2", audience: "3", slot: 4, mac: "5" };
const request = {
  kid: "1",
  subject: "2",
  audience: "3",
  tsMs: 4,
  nonce: "5",
  digest: "6",
  mac: "7",
};

/** Names of the context's fields in the order they are packed. */
export function contextOrder(): string[] {
  return packContext(context, 0)
    .split("~")
    .map((text, index) => (index === 0 ? "format" : namesIn(text)));
}

/** Names of a proof's fields in the order they are written. */
export function proofOrder(kind: "session" | "request"): string[] {
  const fields = kind === "session" ? session : request;
  const text = kind === "session" ? formatSession(session) : formatRequest(request);
  return text.split("~").map((value, index) => {
    if (index < 2) return index === 0 ? "format" : "kind";
    return Object.entries(fields).find(([, own]) => String(own) === value)?.[0] ?? "unknown";
  });
}

function namesIn(text: string): string {
  const names = Object.entries(context) as [string, string | number][];
  const whole = names.find(([, value]) => String(value) === text)?.[0];
  if (whole !== undefined) return whole;
  const parts = text.split("-").map((part) => {
    return names.find(([, value]) => String(value) === part || Number(value) === Number(part))?.[0];
  });
  return parts.join("-");
}

/** Values for each name a MAC may cover, all different. */
const covered: Readonly<Record<string, string>> = {
  trustDomain: "td.example",
  kid: "e1",
  subject: "default/caller",
  audience: "default/callee",
  slot: "6",
  method: "GET",
  authority: "callee",
  path: "/path",
  query: "a=b",
  context: "context",
  contentType: "text/plain",
  digest: "-",
  tsMs: "60000",
  nonce: "nonce-nonce-nonce",
  "request MAC": "request-mac",
  status: "200",
};

const MAC_FIELDS = {
  session: ["heddle/session/1", "trustDomain", "kid", "subject", "audience", "slot"],
  request: [
    "r",
    "method",
    "authority",
    "path",
    "query",
    "context",
    "contentType",
    "digest",
    "tsMs",
    "nonce",
  ],
  answer: ["a", "request MAC", "status", "contentType", "digest"],
} as const;

/** What a MAC covers, in order; throws when the code's MAC is over anything else. */
export function macOrder(kind: keyof typeof MAC_FIELDS): readonly string[] {
  const fields = MAC_FIELDS[kind];
  const keys = pairKeys(new Secret(new Uint8Array(32).fill(7)));
  const key = kind === "answer" ? keys.answer : keys.request;
  const mac = macOf(key, fields.map(valueOf));
  if (!mintedWith(kind, keys).endsWith(mac)) throw new Error(`the ${kind} MAC covers other fields`);
  return fields;
}

const valueOf = (name: string): string => covered[name] ?? name;

function mintedWith(kind: keyof typeof MAC_FIELDS, keys: PairKeys): string {
  const ring = createKeyring(valueOf("trustDomain"), valueOf("subject"));
  const use = { kid: valueOf("kid"), keys, degraded: false };
  const [audience, nonce, digest] = [valueOf("audience"), valueOf("nonce"), valueOf("digest")];
  const contentType = valueOf("contentType");
  const nowMs = Number(valueOf("tsMs"));
  if (kind === "session") return mintSession(ring, use, audience, nowMs);
  if (kind === "answer") {
    const asked = { nonce, mac: valueOf("request MAC") };
    return mintAnswer(keys, asked, { status: Number(valueOf("status")), contentType }, digest);
  }
  const asked = {
    method: valueOf("method"),
    authority: valueOf("authority"),
    path: valueOf("path"),
    query: valueOf("query"),
    context: valueOf("context"),
    contentType,
  };
  return mintRequest(ring, use, audience, asked, digest, nowMs, nonce).text;
}
