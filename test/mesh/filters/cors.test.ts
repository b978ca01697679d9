// The filter cors, through the real chains: preflights, and what answers tell of origins.
import { describe, expect, it } from "vitest";
import type { Cors } from "../../../mesh/contract/rule.ts";
import type { HttpParts } from "../../../mesh/pipeline/call.ts";
import { send } from "./one-rule.ts";

describe("cross-origin rules", () => {
  const cors: Cors = {
    origins: ["https://www.foo.com", "https://*.bar.com"],
    credentials: true,
    methods: "GET, OPTIONS",
    headers: "x-header-1",
    expose: "x-header-3",
    maxAge: 3600,
  };
  const preflight = (origin: string): Partial<HttpParts> => ({
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "PUT",
      "access-control-request-headers": "x-a, x-b",
    },
  });
  const allowed = (response: Response): Record<string, string> =>
    Object.fromEntries(
      [...response.headers].flatMap(([name, value]) =>
        name.startsWith("access-control-")
          ? [[name.replace("access-control-", "").replace("allow-", ""), value] as const]
          : [],
      ),
    );

  it("answer a preflight, which no backend sees", async () => {
    const { response, seen } = await send({ cors }, preflight("https://www.foo.com"));
    expect([response.status, seen.length]).toEqual([200, 0]);
    expect(allowed(response)).toEqual({
      origin: "https://www.foo.com",
      credentials: "true",
      methods: "GET, OPTIONS",
      headers: "x-header-1",
      "expose-headers": "x-header-3",
      "max-age": "3600",
    });
    expect(response.headers.get("vary")).toBe("origin");
  });

  it("answer what the preflight asks for where everything is allowed", async () => {
    const open = { origins: ["*"], methods: "*", headers: "*", maxAge: 5 };
    const { response } = await send({ cors: open }, preflight("https://any.example:1"));
    expect(allowed(response)).toEqual({
      origin: "*",
      methods: "PUT",
      headers: "x-a, x-b",
      "max-age": "5",
    });
    expect(response.headers.has("vary")).toBe(false);
    const named = { ...open, credentials: true };
    const { response: own } = await send({ cors: named }, preflight("https://any.example:1"));
    expect(allowed(own)).toMatchObject({ origin: "https://any.example:1", credentials: "true" });
  });

  it.each([
    ["https://www.foo.com", true],
    ["https://a.bar.com", true],
    ["https://A.b.Bar.com", true],
    ["https://.bar.com", false],
    ["https://bar.com", false],
    ["http://a.bar.com", false],
    ["https://a.bar.com:8443", false],
    ["https://evil.com:1.bar.com", false],
    ["https://foobar.com", false],
    ["null", false],
  ])("say of %s: %s", async (origin, isAllowed) => {
    for (const http of [preflight(origin), { headers: { origin } }]) {
      const { response } = await send({ cors }, http, {
        answer: () => new Response("ok", { headers: { "access-control-allow-origin": "*" } }),
      });
      expect(response.headers.get("access-control-allow-origin")).toBe(isAllowed ? origin : null);
      expect(response.headers.get("vary")).toBe("origin");
    }
  });

  it("let through an OPTIONS that is no preflight, and what has no origin", async () => {
    const options = { method: "OPTIONS", headers: { origin: "https://www.foo.com" } };
    expect((await send({ cors }, options)).seen).toHaveLength(1);
    const { response, seen } = await send({ cors });
    expect([seen.length, allowed(response)]).toEqual([1, {}]);
  });

  it("hold for redirects as well", async () => {
    const transform = { redirect: { status: 302 } };
    const origin = "https://www.foo.com";
    const { response } = await send({ cors, transform }, { headers: { origin } });
    expect([response.status, allowed(response)["origin"]]).toEqual([302, origin]);
  });
});
