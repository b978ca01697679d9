// Sessions of a route, through the whole chain: by cookie, by header, their end, and what they win over.
import { describe, expect, it } from "vitest";
import { edge } from "../../../mesh/chains/edge.ts";
import { outbound } from "../../../mesh/chains/outbound.ts";
import type { Rule, Session } from "../../../mesh/contract/rule.ts";
import { compose } from "../../../mesh/pipeline/filter.ts";
import { type Answering, call, everyPath, type Fake, fake, get, service } from "./fake.ts";

const run = compose(outbound);
const COOKIE: Session = { cookie: "kept", path: "/shop" };
const backend = (name: string, weight: number) => ({
  service: `default/${name}`,
  port: 80,
  weight,
});
const names = ["a1", "a2", "b1", "b2"];

function mesh(rule: Partial<Rule>, gone: readonly string[] = []): Fake {
  const answers = names.map((name): [string, Answering] => [
    `default/${name}`,
    () => (gone.includes(name) ? new Response(null, { status: 503 }) : new Response(name)),
  ]);
  const of = (name: string) =>
    service(name, {
      balance: "round-robin",
      endpoints: names
        .filter((one) => one.startsWith(name))
        .map((one) => ({ id: `default/${one}`, worker: `default/${one}`, weight: 1, labels: {} })),
    });
  const backends = [backend("a", 50), backend("b", 50)];
  const table = everyPath({ backends, ...rule });
  return fake({
    services: [service("shop", { producer: [{ port: null, table }] }), of("a"), of("b")],
    answering: Object.fromEntries(answers),
  });
}

async function ask(self: Fake, headers: Record<string, string> = {}) {
  const outcome = await run(call(self.isolate, "shop", { http: get("/", { headers }) }));
  if (outcome.kind !== "answer") throw new Error(outcome.reason);
  const response = outcome.value as Response;
  return { name: await response.text(), headers: response.headers };
}

const tokenOf = (headers: Headers): string =>
  /^kept=([^;]+)/.exec(headers.get("set-cookie") ?? "")?.[1] ?? "";

describe("a session by cookie", () => {
  it("begins with the first answer and keeps the endpoint, whatever the weights become", async () => {
    const self = mesh({ session: COOKIE });
    const first = await ask(self);
    expect(first.headers.get("set-cookie")).toMatch(
      /^kept=[0-9a-z]+\.[0-9a-z]+\.[0-9a-z]+; Path=\/shop; HttpOnly; SameSite=Lax$/,
    );
    expect(first.headers.get("set-cookie")).not.toContain(first.name);
    const cookie = `x=1; kept=${tokenOf(first.headers)}`;
    for (let i = 0; i < 20; i += 1) {
      const again = await ask(self, { cookie });
      expect([again.name, again.headers.get("set-cookie")]).toEqual([first.name, null]);
    }
    const [own, other] = first.name.startsWith("a") ? ["a", "b"] : ["b", "a"];
    const moved = mesh({ session: COOKIE, backends: [backend(own, 0), backend(other, 100)] });
    expect((await ask(moved, { cookie })).name).toBe(first.name);
    expect((await ask(moved)).name).toMatch(new RegExp(`^${other}`));
  });

  it("spreads clients that have none", async () => {
    const self = mesh({ session: COOKIE });
    const found = new Set<string>();
    for (let i = 0; i < 60; i += 1) found.add((await ask(self)).name);
    expect([...found].toSorted()).toEqual(names);
  });

  it("begins anew where its backend has gone, and where a retry went elsewhere", async () => {
    const retry = { attempts: 3, codes: [503], backoffBaseMs: 1, backoffCapMs: 1 };
    const self = mesh({ session: COOKIE, retry });
    const { name, headers } = await ask(self);
    const cookie = `kept=${tokenOf(headers)}`;
    const [, other] = name.startsWith("a") ? ["a", "b"] : ["b", "a"];
    const without = mesh({ session: COOKIE, backends: [backend(other, 1)] });
    expect((await ask(without, { cookie })).headers.get("set-cookie")).toContain("kept=");
    const failing = mesh({ session: COOKIE, retry }, [name]);
    const elsewhere = await ask(failing, { cookie });
    expect(elsewhere.name).not.toBe(name);
    const next = tokenOf(elsewhere.headers);
    expect((await ask(failing, { cookie: `kept=${next}` })).name).toBe(elsewhere.name);
  });

  it("ends with its absolute timeout", async () => {
    const session = { ...COOKIE, isPermanent: true, absoluteMs: 60_000 };
    const self = mesh({ session });
    const { headers } = await ask(self);
    expect(headers.get("set-cookie")).toContain("Max-Age=60;");
    const cookie = `kept=${tokenOf(headers)}`;
    self.nowMs += 58_000;
    expect((await ask(self, { cookie })).headers.get("set-cookie")).toBeNull();
    self.nowMs += 3000;
    expect((await ask(self, { cookie })).headers.get("set-cookie")).not.toBeNull();
  });

  it.each(["", "nonsense", "a.b.c.d", ".", "zzz.zzz.0"])("takes %j for none", async (token) => {
    const { name, headers } = await ask(mesh({ session: COOKIE }), { cookie: `kept=${token}` });
    expect(names).toContain(name);
    expect(headers.get("set-cookie")).toContain("kept=");
  });
});

it("a session by header is answered in the header", async () => {
  const self = mesh({ session: { header: "x-session" } });
  const { name, headers } = await ask(self);
  const token = headers.get("x-session") ?? "";
  expect(token).not.toBe("");
  for (let i = 0; i < 10; i += 1) expect((await ask(self, { "x-session": token })).name).toBe(name);
});

it("stands in both chains before the split", () => {
  for (const { filters } of [outbound, edge]) {
    const order = filters.map((filter) => filter.name);
    expect(order.indexOf("session")).toBe(order.indexOf("split") - 1);
  }
});
