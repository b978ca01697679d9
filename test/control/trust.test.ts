// Other trust domains as control keeps them: their bundles fetched, kept and published, and what TrustDomains are told.
import { beforeEach, describe, expect, it } from "vitest";
import { applyDocuments, change } from "../../control/pipeline.ts";
import { toDeletions } from "../../control/resources/resources.ts";
import { badBundleUrl } from "../../control/trust/bundle-url.ts";
import { refreshTrust } from "../../control/trust/refresh.ts";
import type { TrustChunk } from "../../mesh/contract/trust.ts";
import { importTableKey, openTable } from "../../mesh/identity/table.ts";
import { type TestControl, createTestControl } from "./test-control.ts";

const URL_OF_ONE = "https://one.example/bundle";
const coordinate = "x".repeat(43);
const key = (kid: string) => ({
  kid,
  kty: "EC",
  use: "wit-svid",
  crv: "P-256",
  x: coordinate,
  y: coordinate,
});
const json = (kids: readonly string[], sequence: number): Response =>
  Response.json({ keys: kids.map(key), spiffe_sequence: sequence, spiffe_refresh_hint: 60 });
const domain = (name: string, spec: object = {}) => ({
  apiVersion: "heddle.dev/v1",
  kind: "TrustDomain",
  metadata: { name },
  spec: { trustDomain: "one.example", bundle: { url: URL_OF_ONE }, ...spec },
});

let control: TestControl;
let asked: string[];
beforeEach(async () => {
  control = await createTestControl();
  asked = [];
  serve(() => json(["a"], 1));
});

function serve(answer: () => Response): void {
  control.elsewhere = (url) => {
    asked.push(url);
    return answer();
  };
}

async function apply(...documents: readonly { metadata: { name: string } }[]) {
  const outcome = await applyDocuments(control, documents, false);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problem, null, 1));
  return refreshTrust(
    control,
    documents.map(({ metadata }) => metadata.name),
  );
}

async function trusted(): Promise<TrustChunk | null> {
  const tableKey = await importTableKey(await control.issuer.tableKey());
  const opened = await openTable(control.values.get("table")!, tableKey!, 0);
  if (!opened.ok) throw new Error(opened.reason);
  return opened.table.chunk<TrustChunk>("trust");
}
const kids = async (trustDomain = "one.example") =>
  (await trusted())?.domains[trustDomain]?.keys.map((one) => (one as { kid?: string }).kid);

async function conditions(name: string): Promise<Record<string, string>> {
  const stored = await control.store.get("TrustDomain", "", name);
  const list = stored?.status?.["conditions"] as { type: string; reason: string }[];
  return Object.fromEntries(list.map(({ type, reason }) => [type, reason]));
}

it("a bundle is fetched when its TrustDomain is applied, and again when it is due", async () => {
  const { version, warnings } = await apply(domain("one"));
  expect({ isPublished: version !== null, warnings }).toEqual({ isPublished: true, warnings: [] });
  expect(await kids()).toEqual(["a"]);
  expect(await conditions("one")).toEqual({
    Accepted: "Accepted",
    BundleFetched: "BundleFetched",
    Programmed: "Programmed",
  });
  serve(() => json(["a", "b"], 2));
  asked = [];
  expect((await refreshTrust(control)).version).toBeNull();
  expect(asked).toEqual([]);
  control.clock.advance(60_000);
  expect((await refreshTrust(control)).version).not.toBeNull();
  expect(await kids()).toEqual(["a", "b"]);
});

it("the last good one stays while the source is down, and none of a lower sequence takes its place", async () => {
  serve(() => json(["a", "b"], 5));
  await apply(domain("one"));
  const before = control.values.get("table");
  serve(() => new Response(null, { status: 500 }));
  control.clock.advance(60_000);
  const { version, warnings } = await refreshTrust(control);
  expect(version).toBeNull();
  expect(warnings).toEqual(["TrustDomain one: its bundle: no bundle came."]);
  expect(await conditions("one")).toMatchObject({
    BundleFetched: "FetchFailed",
    Programmed: "Programmed",
  });
  // Nothing was published for it.
  expect(control.values.get("table")).toBe(before);
  serve(() => json(["b"], 4));
  control.clock.advance(60_000);
  await refreshTrust(control);
  expect(await kids()).toEqual(["a", "b"]);
  expect(await conditions("one")).toMatchObject({ BundleFetched: "FetchFailed" });
});

it("an empty bundle and a deleted TrustDomain withdraw all trust", async () => {
  await apply(domain("one"));
  serve(() => json([], 2));
  control.clock.advance(60_000);
  await refreshTrust(control);
  expect(await kids()).toEqual([]);
  expect(await conditions("one")).toMatchObject({ Programmed: "NoKeys" });
  const writes = toDeletions([{ kind: "TrustDomain", name: "one" }]);
  if (!writes.ok) throw new Error("no such kind");
  await change(control, writes.value, false);
  expect(await trusted()).toBeNull();
  await refreshTrust(control);
  expect(await control.store.list("TrustBundle")).toEqual([]);
});

it("keys may stand in the resource; of another URL nothing is kept", async () => {
  await apply(domain("one"));
  await apply(domain("one", { bundle: { keys: [key("own")] } }));
  expect(await kids()).toEqual(["own"]);
  expect(await control.store.list("TrustBundle")).toEqual([]);
  serve(() => json(["a"], 9));
  await apply(domain("one"));
  serve(() => json(["z"], 1));
  await apply(domain("one", { bundle: { url: "https://two.example/bundle" } }));
  expect(await kids()).toEqual(["z"]);
});

it("speaks for no domain twice, nor for our own", async () => {
  await apply(domain("first", { bundle: { keys: [key("a")] } }));
  control.clock.advance(1000);
  await apply(domain("second", { bundle: { keys: [key("b")] } }));
  await apply(domain("ours", { trustDomain: "mesh.internal", bundle: { keys: [key("c")] } }));
  expect(await kids()).toEqual(["a"]);
  expect(await kids("mesh.internal")).toBeUndefined();
  expect(await conditions("second")).toMatchObject({ Accepted: "Conflicted" });
  expect(await conditions("ours")).toMatchObject({ Accepted: "Conflicted" });
});

it("requests are meant for our hostnames unless authorities say otherwise", async () => {
  const gateway = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name: "g" },
    spec: {
      gatewayClassName: "heddle",
      listeners: [
        { name: "a", port: 80, protocol: "HTTP", hostname: "*.shop.example" },
        { name: "b", port: 81, protocol: "HTTP" },
      ],
    },
  };
  await apply(gateway, domain("one"));
  expect((await trusted())?.domains["one.example"]?.authorities).toEqual(["*.shop.example"]);
});

it.each<[string, object]>([
  ["both url and keys", { bundle: { url: URL_OF_ONE, keys: [] } }],
  ["a private key", { bundle: { keys: [{ ...key("a"), d: coordinate }] } }],
  ["a key for another use", { bundle: { keys: [{ ...key("a"), use: "jwt-svid" }] } }],
  ["subjects of another domain", { subjects: ["spiffe://two.example/*"] }],
  ["a prefix within a segment", { subjects: ["spiffe://one.example/pay*"] }],
  ["an upper-case domain", { trustDomain: "One.example" }],
])("%s is refused", async (_what, spec) => {
  expect((await applyDocuments(control, [domain("one", spec)], false)).ok).toBe(false);
});

describe("where a bundle may come from", () => {
  it.each([
    "https://one.example/bundle",
    "https://one.example:8443/b?x=1",
    "https://xn--bcher-kva.example/",
  ])("%s will do", (url) => expect(badBundleUrl(url, false)).toBeNull());

  it.each([
    "http://one.example/",
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://10.0.0.1/",
    "https://169.254.169.254/latest",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://localhost/",
    "https://localhost./",
    "https://a.localhost/",
    "https://metadata/",
    "https://metadata.google.internal/",
    "https://printer.local/",
    "https://u:p@one.example/",
    "file:///etc/passwd",
    "nothing",
  ])("%s will not", (url) => expect(badBundleUrl(url, false)).not.toBeNull());

  it("is asked of nobody where it will not do", async () => {
    Object.assign(control, { isDev: false });
    const { warnings } = await apply(domain("one", { bundle: { url: "https://10.0.0.1/" } }));
    expect(warnings).toEqual(["TrustDomain one: its bundle: names an address instead of a host."]);
    expect(asked).toEqual([]);
  });
});
