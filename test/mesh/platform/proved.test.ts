// Calls that leave the mesh: never bare where they should be proved, and nobody outside speaks for us.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { HEDDLE_REASON } from "../../../mesh/contract/headers.ts";
import type { Endpoint } from "../../../mesh/contract/service.ts";
import type { EndpointBinding } from "../../../mesh/pipeline/isolate.ts";
import { createOutward } from "../../../mesh/platform/outward.ts";

const keeper = { waitUntil: (work: Promise<unknown>) => void work.catch(() => undefined) };
const known = { revoked: new Set<string>() };
const proving: Endpoint = {
  id: "partner",
  url: "https://pay.example/api/",
  identity: "wimse",
  weight: 1,
  labels: {},
};

let sent: { url: string; headers: Headers; body: unknown }[];
let answer: () => Response;
beforeEach(() => {
  sent = [];
  answer = () => new Response("done");
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    sent.push({ url, headers: new Headers(init.headers), body: init.body });
    return answer();
  });
});
afterEach(() => void vi.unstubAllGlobals());

function bindingOf(endpoint: Partial<Endpoint> = {}, hasToken = true): EndpointBinding {
  const identity = async () => ({ token: "h.c.s", endMs: Date.now() + 600_000 });
  const control = { identity: hasToken ? identity : () => Promise.reject(new Error("away")) };
  return createOutward({ control, known, trust: () => null }).bind(
    { ...proving, ...endpoint },
    keeper,
  );
}
const ask = (binding: EndpointBinding, init: RequestInit = {}): Promise<Response> =>
  binding.fetch("http://partner/a?b=%2F", { headers: {}, ...init });

it("carries token, digest and signature, the application's own signature beside", async () => {
  const headers = {
    heddle: "1~x",
    baggage: "a=b",
    "signature-input": "app=()",
    signature: "app=:AA==:",
  };
  expect((await ask(bindingOf(), { method: "POST", body: "text", headers })).status).toBe(200);
  const [call] = sent;
  expect(call?.url).toBe("https://pay.example/api/a?b=%2F");
  expect(call?.headers.get("workload-identity-token")).toBe("h.c.s");
  expect(call?.headers.get("content-digest")).toMatch(/^sha-256=:/);
  expect(call?.headers.get("signature-input")).toMatch(/^app=\(\), wimse=\("@method" "@authority"/);
  expect([call?.headers.get("heddle"), call?.headers.get("baggage")]).toEqual([null, null]);
});

it.each<[string, RequestInit, boolean, string]>([
  ["without a token", {}, false, "no_keys"],
  [
    "with a body too long to be covered",
    { method: "PUT", body: "x".repeat(65_537) },
    true,
    "bad_argument",
  ],
  [
    "with a stream of unknown length",
    { method: "PUT", body: new ReadableStream() },
    true,
    "bad_argument",
  ],
])("is not made %s", async (_what, init, hasToken, reason) => {
  const refused = await ask(bindingOf({}, hasToken), init);
  expect(refused.headers.get(HEDDLE_REASON)).toBe(reason);
  expect(sent).toEqual([]);
});

it("takes no answer that should be proved and is not", async () => {
  const refused = await ask(bindingOf({ answer: "required" }));
  expect([refused.status, refused.headers.get(HEDDLE_REASON)]).toEqual([502, "bad_answer"]);
  expect(sent[0]?.headers.get("accept-signature")).toContain("wimse-workload-to-workload");
});

it("lets no origin speak for the mesh, proved to or not", async () => {
  answer = () => new Response("no", { status: 503, headers: { [HEDDLE_REASON]: "unknown_epoch" } });
  const { identity: _, ...plain } = proving;
  const outward = createOutward({ control: null, known, trust: () => null });
  for (const binding of [bindingOf(), outward.bind(plain, keeper)]) {
    const given = await ask(binding);
    expect([given.status, given.headers.has(HEDDLE_REASON)]).toEqual([503, false]);
  }
});
