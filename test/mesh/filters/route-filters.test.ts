// The filters of routes that change a request or its answer, through the real chains: transform, transform-backend.
import { describe, expect, it } from "vitest";
import type { Backend, Transform } from "../../../mesh/contract/rule.ts";
import type { HttpParts, OutboundCall } from "../../../mesh/pipeline/call.ts";
import type { TableView } from "../../../mesh/pipeline/isolate.ts";
import { call, everyPath, fake, get } from "./fake.ts";
import { at, runEdge, send, to } from "./one-rule.ts";

describe("header modifiers", () => {
  const request = { remove: ["x-gone"], set: [["x-set", "new"]], add: [["x-add", "b"]] } as const;

  it("remove, set and add to the request of a rule, then of its backend", async () => {
    const backend = to("callee", {
      transform: { request: { set: [["x-set", "newer"]], add: [["x-add", "c"]] } },
    });
    const { seen } = await send(
      { transform: { request }, backends: [backend] },
      { headers: { "x-gone": "1", "x-set": "old", "x-add": "a", "x-stays": "1" } },
    );
    expect(seen[0]?.headers).toMatchObject({ "x-set": "newer", "x-add": "a,b,c", "x-stays": "1" });
    expect(seen[0]?.headers).not.toHaveProperty("x-gone");
  });

  it("set and add where nothing was", async () => {
    const { seen } = await send({ transform: { request } });
    expect(seen[0]?.headers).toMatchObject({ "x-set": "new", "x-add": "b" });
  });

  it("add once, however many attempts there are, and each attempt has its own backend's", async () => {
    const marked = (name: string): Backend =>
      to(name, { transform: { request: { add: [["x-add", name]] } } });
    const { seen } = await send(
      {
        transform: { request: { add: [["x-add", "rule"]] } },
        backends: [marked("callee"), marked("other")],
        retry: { attempts: 2, codes: [503], backoffBaseMs: 1, backoffCapMs: 1 },
      },
      { headers: { "x-add": "app" } },
      { answer: () => new Response(null, { status: 503 }) },
    );
    expect(seen).toHaveLength(3);
    for (const { to: name, headers } of seen) expect(headers["x-add"]).toBe(`app,rule,${name}`);
  });

  it("leave the application's own request as it was", async () => {
    const http = get("/", { headers: { "x-set": "old" } });
    await send({ transform: { request, path: "/x" } }, {}, { call: { http } });
    expect(http).toEqual(get("/", { headers: { "x-set": "old" } }));
  });

  it("change an answer: backend first, cookies one by one, and status and body stay", async () => {
    const backend = to("callee", { transform: { response: { add: [["x-add", "b"]] } } });
    const response = {
      remove: ["server"],
      set: [["x-set", "new"]],
      add: [
        ["x-add", "c"],
        ["set-cookie", "b=2"],
      ],
    } as const;
    const headers = { server: "x", "x-set": "old", "x-add": "a", "set-cookie": "a=1" };
    const { response: got } = await send(
      { transform: { response }, backends: [backend] },
      {},
      { answer: () => new Response("body", { status: 201, headers }) },
    );
    expect([got.status, await got.text()]).toEqual([201, "body"]);
    expect(got.headers.get("x-add")).toBe("a,b,c");
    expect(got.headers.get("x-set")).toBe("new");
    expect(got.headers.has("server")).toBe(false);
    expect(got.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  });

  it("pass on the very answer where nothing of it is changed", async () => {
    const answer = new Response("ok");
    const { response } = await send({ transform: { request } }, {}, { answer: () => answer });
    expect(response).toBe(answer);
  });
});

describe("URL rewrites", () => {
  // The table of HTTPPathModifier in the Gateway API, `cut` being the prefix without its trailing slash.
  it.each([
    ["/foo/bar", "/xyz", "/xyz/bar"],
    ["/foo", "/xyz", "/xyz"],
    ["/foo/", "/xyz", "/xyz/"],
    ["/foo/bar", "", "/bar"],
    ["/foo/", "", "/"],
    ["/foo", "", "/"],
  ])("replace the prefix of %s by %j: %s", async (path, by, expected) => {
    const { seen } = await send(
      { transform: { path: by, cut: 4 } },
      at(path, { query: "a=%2f&b" }),
    );
    expect(seen[0]?.url).toBe(`http://callee${expected}?a=%2f&b`);
  });

  it("replace a whole path, and a host without the port that was asked for", async () => {
    const given = { ...at("/a/b"), url: "http://callee:8080/a/b", port: 8080 };
    const path = await send({ transform: { path: "/new" } }, given);
    expect(path.seen[0]?.url).toBe("http://callee:8080/new");
    const host = await send({ transform: { host: "other.example" } }, given);
    expect(host.seen[0]?.url).toBe("http://other.example/a/b");
  });

  it("of a backend come on top of the rule's, and end with the attempt", async () => {
    const backend = to("callee", { transform: { path: "/backend", cut: 5 } });
    const { seen, sent } = await send(
      { transform: { path: "/rule" }, backends: [backend] },
      at("/a"),
    );
    expect(seen[0]?.url).toBe("http://callee/backend");
    expect(sent.http).toMatchObject({ path: "/a", url: "http://callee/a" });
  });

  it("keep a body that was read on the way", async () => {
    const body = new Blob(["text"]).stream();
    const headers = { "content-length": "4" };
    const http = { method: "POST", body, replayable: false, headers };
    const { seen, sent } = await send({ transform: { path: "/x" } }, http);
    expect(seen[0]?.body).toBe("text");
    expect(sent.http?.replayable).toBe(true);
  });
});

describe("redirects", () => {
  const locate = async (
    transform: Transform,
    http: Partial<HttpParts> = {},
    more: Partial<OutboundCall> = {},
  ): Promise<string | null> => {
    const given = get("/", http);
    const { response, seen, self } = await send({ transform, backends: [] }, given, {
      call: { http: given, ...more },
    });
    expect([seen, self.attempts]).toEqual([[], []]);
    expect(response.status).toBe(transform.redirect?.status);
    return response.headers.get("location");
  };
  const https = { url: "https://callee/", port: 443 };
  const on8080 = { url: "http://callee:8080/", port: 8080 };

  it.each([
    ["http://callee/", {}, {}],
    ["http://callee:8080/", {}, on8080],
    ["https://callee/", {}, https],
    ["https://callee/", { scheme: "https" }, on8080],
    ["http://callee/", { scheme: "http" }, https],
    ["http://callee/", { port: 80 }, on8080],
    ["https://callee:80/", { port: 80 }, https],
    ["https://callee/", { scheme: "https", port: 443 }, {}],
    ["https://callee:8443/", { scheme: "https", port: 8443 }, {}],
    ["http://callee:443/", { scheme: "http", port: 443 }, https],
  ])("lead to %s by %j", async (location, to, http) => {
    expect(await locate({ redirect: { status: 302, ...to } }, http)).toBe(location);
  });

  it.each([301, 302, 303, 307, 308])("have the status %d", async (status) => {
    expect(await locate({ redirect: { status } })).toBe("http://callee/");
  });

  it("lead to another host and path, and keep the query", async () => {
    const redirect = { status: 302 };
    const given = at("/old/a", { query: "q=1" });
    expect(await locate({ redirect, host: "b.example" }, given)).toBe("http://b.example/old/a?q=1");
    expect(await locate({ redirect, path: "/new", cut: 4 }, given)).toBe("http://callee/new/a?q=1");
    expect(await locate({ redirect, path: "/full" }, given)).toBe("http://callee/full?q=1");
  });

  it("of a backend are answered for its share", async () => {
    const backend = to("callee", { transform: { redirect: { status: 307 }, path: "/b" } });
    const { response, seen } = await send({ backends: [backend] });
    expect([response.status, response.headers.get("location"), seen.length]).toEqual([
      307,
      "http://callee/b",
      0,
    ]);
  });

  it("get the rule's answer headers too", async () => {
    const transform = { redirect: { status: 302 }, response: { set: [["x-a", "1"]] } } as const;
    const { response } = await send({ transform });
    expect(response.headers.get("x-a")).toBe("1");
  });

  it("take scheme and port from the listener that a request came in by", async () => {
    const rule = { backends: [], transform: { redirect: { status: 302 } } };
    const listener = { gateway: "default/gate", listener: "tls", port: 8443, hostname: "*" };
    const self = fake({ services: [], answering: {} });
    const listeners = [{ ...listener, protocol: "HTTPS", hosts: ["*"] }];
    const table = Object.assign(self.isolate.table() as TableView, {
      gateways: () => ({ listeners }),
      host: () => ({ table: everyPath(rule) }),
    });
    expect(table.gateways()).not.toBeNull();
    const outcome = await runEdge(
      call(self.isolate, "", {
        side: "edge",
        http: get("/", { url: "http://127.0.0.1:4711/", host: "127.0.0.1", port: 4711 }),
        listener,
      }),
    );
    const answer = outcome.kind === "answer" ? (outcome.value as Response) : null;
    expect(answer?.headers.get("location")).toBe("https://127.0.0.1:8443/");
  });
});
