// Keys of end users' issuers as control keeps them: fetched, kept, published for the Gateways that are meant.
import { beforeEach, expect, it } from "vitest";
import { refreshKeys } from "../../control/jwks/refresh.ts";
import { applyDocuments, change } from "../../control/pipeline.ts";
import { toDeletions } from "../../control/resources/resources.ts";
import type { PolicyChunk } from "../../mesh/contract/policy.ts";
import { importTableKey, openTable } from "../../mesh/identity/table.ts";
import { type TestControl, createTestControl } from "./test-control.ts";

const JWKS = "https://login.example/keys";
const key = (kid: string) => ({ kid, kty: "RSA", n: "n".repeat(342), e: "AQAB", x5t: "dropped" });
const GATEWAY = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { name: "entry" },
  spec: { gatewayClassName: "heddle", listeners: [{ name: "a", port: 80, protocol: "HTTP" }] },
};
const users = (rule: object = { jwksUri: JWKS }, target = "entry") => ({
  apiVersion: "heddle.dev/v1",
  kind: "RequestAuthentication",
  metadata: { name: "users" },
  spec: {
    targetRefs: [{ name: target }],
    jwtRules: [{ issuer: "https://login.example", ...rule }],
  },
});

let control: TestControl;
let asked: string[];
beforeEach(async () => {
  control = await createTestControl();
  asked = [];
  serve(() => Response.json({ keys: [key("a")] }));
});

function serve(answer: () => Response): void {
  control.elsewhere = (url) => {
    asked.push(url);
    return answer();
  };
}

async function apply(...documents: readonly object[]) {
  const outcome = await applyDocuments(control, documents, false);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problem, null, 1));
  return refreshKeys(control, ["default/users"]);
}

async function published(): Promise<PolicyChunk["users"]> {
  const tableKey = await importTableKey(await control.issuer.tableKey());
  const opened = await openTable(control.values.get("table")!, tableKey!, 0);
  if (!opened.ok) throw new Error(opened.reason);
  return opened.table.chunk<PolicyChunk>("policy:gateway:default/entry")?.users;
}
const kids = async () =>
  (await published())?.map(({ keys }) => keys.map((one) => (one as { kid?: string }).kid));

async function conditions(): Promise<Record<string, string>> {
  const stored = await control.store.get("RequestAuthentication", "default", "users");
  const list = stored?.status?.["conditions"] as { type: string; reason: string }[];
  return Object.fromEntries(list.map(({ type, reason }) => [type, reason]));
}

it("keys are fetched when it is applied, and every five minutes", async () => {
  const { version, warnings } = await apply(GATEWAY, users());
  expect({ isPublished: version !== null, warnings }).toEqual({ isPublished: true, warnings: [] });
  expect(await kids()).toEqual([["a"]]);
  expect(JSON.stringify(await published())).not.toContain("dropped");
  expect(await conditions()).toMatchObject({
    KeysFetched: "KeysFetched",
    Programmed: "Programmed",
  });
  expect((await refreshKeys(control)).version).toBeNull();
  expect(asked).toHaveLength(1);
  serve(() => Response.json({ keys: [key("a"), key("b")] }));
  control.clock.advance(300_000);
  expect((await refreshKeys(control)).version).not.toBeNull();
  expect(await kids()).toEqual([["a", "b"]]);
  control.clock.advance(300_000);
  expect((await refreshKeys(control)).version).toBeNull();
});

it.each<[string, () => Response]>([
  ["fails", () => new Response("", { status: 500 })],
  ["leads elsewhere", () => Response.redirect("https://inner.example/", 302)],
  ["is no JWKS", () => new Response("{}")],
  ["says a name twice", () => new Response('{"keys":[],"keys":[]}')],
  ["has none", () => Response.json({ keys: [] })],
  ["is too long", () => new Response(`{"keys":[],"x":"${"x".repeat(300_000)}"}`)],
])("the last good keys stay where the source %s", async (_what, answer) => {
  await apply(GATEWAY, users());
  serve(answer);
  control.clock.advance(300_000);
  const { warnings } = await refreshKeys(control);
  expect(warnings).toHaveLength(1);
  expect(await kids()).toEqual([["a"]]);
});

it("without keys there is no key, and it is asked for again soon", async () => {
  serve(() => new Response("", { status: 503 }));
  const { warnings } = await apply(GATEWAY, users());
  expect(warnings[0]).toMatch(/no keys from https:\/\/login\.example\/keys: it answered 503/);
  expect(await kids()).toEqual([[]]);
  serve(() => Response.json({ keys: [key("a")] }));
  control.clock.advance(30_000);
  await refreshKeys(control);
  expect(await kids()).toEqual([["a"]]);
});

it("inner addresses are not asked, and nobody is where the keys stand in it", async () => {
  const outside: TestControl = { ...control, isDev: false };
  for (const jwksUri of [
    "https://127.0.0.1/k",
    "https://metadata.internal/k",
    "http://a.example/k",
  ]) {
    await applyDocuments(control, [GATEWAY, users({ jwksUri })], false);
    const { warnings } = await refreshKeys(outside, ["default/users"]);
    expect(warnings, jwksUri).toHaveLength(1);
  }
  expect(asked).toEqual([]);
  await apply(users({ jwks: { keys: [key("inline")] } }));
  expect(asked).toEqual([]);
  expect(await kids()).toEqual([["inline"]]);
});

it("deleting it withdraws everything; a Gateway that is not there is told", async () => {
  await apply(GATEWAY, users());
  const writes = toDeletions([
    { kind: "RequestAuthentication", namespace: "default", name: "users" },
  ]);
  if (!writes.ok) throw new Error("no deletion");
  await change(control, writes.value, false);
  await refreshKeys(control);
  expect(await published()).toBeUndefined();
  expect(await control.store.list("UserKeys")).toEqual([]);
  await apply(users({ jwksUri: JWKS }, "nowhere"));
  expect(await conditions()).toMatchObject({ ResolvedRefs: "TargetNotFound" });
});

it.each<[string, object, RegExp]>([
  ["both ways to keys", { jwksUri: JWKS, jwks: { keys: [] } }, /exactly one of jwksUri and jwks/],
  ["a private key", { jwks: { keys: [{ ...key("a"), d: "x" }] } }, /has a private part/],
  ["a shared secret", { jwks: { keys: [{ kty: "oct", k: "x" }] } }, /kty/],
  [
    "a header of the mesh",
    { jwksUri: JWKS, outputClaimToHeaders: [{ header: "heddle", claim: "sub" }] },
    /meaning of its own/,
  ],
  ["a field that is none", { jwksUri: JWKS, jwksURI: JWKS }, /jwksUri/],
])("refuses %s", async (_what, rule, message) => {
  const outcome = await applyDocuments(control, [GATEWAY, users(rule)], false);
  expect(outcome.ok ? "" : JSON.stringify(outcome.problem)).toMatch(message);
});
