// The filters of routes, through the real chains: cors, transform, mirror, transform-backend.
import { describe, expect, it } from "vitest";
import { edge } from "../../../mesh/chains/edge.ts";
import { outbound } from "../../../mesh/chains/outbound.ts";
import type { Backend, Cors, Rule, Transform } from "../../../mesh/contract/table.ts";
import type { HttpParts, OutboundCall } from "../../../mesh/pipeline/call.ts";
import { compose } from "../../../mesh/pipeline/filter.ts";
import type { TableView } from "../../../mesh/pipeline/isolate.ts";
import { call, everyPath, fake, get, scope, service, type Answering, type Fake } from "./fake.ts";

const run = compose(outbound);
const runEdge = compose(edge);

interface Seen {
  readonly to: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

interface Result {
  readonly response: Response;
  readonly seen: readonly Seen[];
  readonly waits: readonly Promise<unknown>[];
  readonly self: Fake;
  readonly sent: OutboundCall;
}

const to = (name: string, more: Partial<Backend> = {}): Backend => ({
  service: `default/${name}`,
  port: null,
  weight: 1,
  ...more,
});

/** Sends one request by one rule; every service records what it got. */
async function send(
  rule: Partial<Rule>,
  http: Partial<HttpParts> = {},
  options: {
    readonly answer?: Answering;
    readonly bypassed?: readonly string[];
    readonly call?: Partial<OutboundCall>;
    readonly at?: "outbound" | "edge";
  } = {},
): Promise<Result> {
  const seen: Seen[] = [];
  const waits: Promise<unknown>[] = [];
  const answering = (name: string): Answering => {
    return async (url, init, attempt) => {
      const headers = { ...(init.headers as Record<string, string>) };
      const body = init.body === undefined ? null : await new Response(init.body).text();
      seen.push({ to: name, url, headers, body });
      return options.answer?.(url, init, attempt) ?? new Response("ok");
    };
  };
  const names = ["callee", "other", "third"];
  const producer = [{ port: null, table: everyPath({ backends: [to("callee")], ...rule }) }];
  const self = fake({
    services: names.map((name) => service(name, name === "callee" ? { producer } : {})),
    answering: Object.fromEntries(names.map((name) => [`default/${name}`, answering(name)])),
    bypassed: options.bypassed ?? [],
  });
  const keeper = { waitUntil: (promise: Promise<unknown>) => void waits.push(promise) };
  const sent = call(self.isolate, "callee", {
    http: get("/", http),
    scope: { ...scope(), keeper },
    ...options.call,
  });
  const outcome = await (options.at === "edge" ? runEdge : run)(sent);
  await Promise.all(waits);
  if (outcome.kind !== "answer") throw new Error(`${outcome.kind}: ${outcome.reason}`);
  return { response: outcome.value as Response, seen, waits, self, sent };
}

const at = (path: string, more: Partial<HttpParts> = {}): Partial<HttpParts> => ({
  path,
  url: `http://callee${path}${more.query ? `?${more.query}` : ""}`,
  ...more,
});

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

describe("mirrors", () => {
  it("get the changed request with a span and a proof of their own, and no answer of theirs counts", async () => {
    const { response, seen, self } = await send(
      {
        mirrors: [to("other"), to("third")],
        transform: { request: { set: [["x-set", "1"]] }, path: "/new" },
      },
      {},
      { answer: (url, init) => new Response((init.headers as Record<string, string>)["heddle"]) },
    );
    expect(seen.map(({ to: name, url }) => [name, url])).toEqual([
      ["callee", "http://callee/new"],
      ["other", "http://callee/new"],
      ["third", "http://callee/new"],
    ]);
    expect(new Set(seen.map(({ headers }) => headers["traceparent"])).size).toBe(3);
    for (const { to: name, headers } of seen) {
      expect(headers["x-set"]).toBe("1");
      expect(headers["heddle"]).toContain(`proof-for-default/${name}`);
    }
    expect(await response.text()).toContain("proof-for-default/callee");
    expect(self.records).toHaveLength(1);
    expect(self.attempts).toHaveLength(3);
    for (const [, { inFlight }] of self.states) expect(inFlight).toBe(0);
  });

  it("are not waited for, and not tried again", async () => {
    const { seen, response } = await send(
      {
        mirrors: [to("other")],
        retry: { attempts: 2, codes: [503], backoffBaseMs: 1, backoffCapMs: 1 },
      },
      {},
      {
        answer: (_, { headers }) =>
          new Response(null, { status: isFor(headers, "other") ? 503 : 200 }),
      },
    );
    expect(response.status).toBe(200);
    expect(seen.map(({ to: name }) => name)).toEqual(["callee", "other"]);
  });

  it("get their share", async () => {
    let copies = 0;
    for (let index = 0; index < 200; index++) {
      copies += await copiesDrawn(index);
    }
    expect(copies).toBeGreaterThan(20);
    expect(copies).toBeLessThan(65);
  });

  it("get a short stream and whatever can be sent twice, and no copy of a long stream", async () => {
    const mirrored = async (http: Partial<HttpParts>): Promise<(string | null)[]> => {
      const { seen } = await send({ mirrors: [to("other")] }, { method: "POST", ...http });
      return seen.map(({ body }) => body);
    };
    const stream = (): HttpParts["body"] => new Blob(["text"]).stream();
    const short = { body: stream(), replayable: false, headers: { "content-length": "4" } };
    expect(await mirrored(short)).toEqual(["text", "text"]);
    expect(await mirrored({ body: "text" })).toEqual(["text", "text"]);
    expect(await mirrored({ body: stream(), replayable: false })).toEqual(["text"]);
  });

  it("of a backend hold for calls that take it", async () => {
    const backends = [to("callee", { mirrors: [to("third")] })];
    const { seen } = await send({ backends, mirrors: [] });
    expect(seen.map(({ to: name }) => name)).toEqual(["callee", "third"]);
  });

  it("get no upgrade, and nothing where switched off", async () => {
    const upgrade = await send({ mirrors: [to("other")] }, { headers: { upgrade: "websocket" } });
    expect(upgrade.seen).toHaveLength(1);
    const off = await send({ mirrors: [to("other")] }, {}, { bypassed: ["mirror"] });
    expect(off.seen).toHaveLength(1);
    expect(off.self.records[0]?.bypassed).toEqual(["mirror"]);
  });
});

const isFor = (headers: unknown, name: string): boolean =>
  String((headers as Record<string, string>)["heddle"]).includes(`proof-for-default/${name}`);

async function copiesDrawn(seed: number): Promise<number> {
  let draws = 0;
  const self = fake({
    services: [
      service("callee", {
        producer: [
          {
            port: null,
            table: everyPath({ backends: [to("callee")], mirrors: [to("other", { weight: 0.2 })] }),
          },
        ],
      }),
      service("other"),
    ],
    answering: {
      "default/callee": () => new Response("ok"),
      "default/other": () => {
        draws += 1;
        return new Response("ok");
      },
    },
  });
  const waits: Promise<unknown>[] = [];
  const random = (): number => ((seed * 2_654_435_761) % 4_294_967_296) / 4_294_967_296;
  const isolate = Object.assign(self.isolate, { random });
  const keeper = { waitUntil: (promise: Promise<unknown>) => void waits.push(promise) };
  await run(call(isolate, "callee", { scope: { ...scope(), keeper } }));
  await Promise.all(waits);
  return draws;
}

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
