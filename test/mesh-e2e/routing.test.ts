// Sessions, cohorts of known users, consistent hashing, methods told apart by an RPCRoute, and streams and sockets
// through every filter a route can have.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exchange } from "../conformance/meshconf/websocket.ts";
import type { Mesh } from "../../mesh/testing.ts";
import { startRouting } from "./routing-mesh.ts";

let mesh: Mesh;
beforeAll(async () => {
  mesh = await startRouting();
}, 60_000);
afterAll(() => mesh?.close());

test("a client stays with its backend by its session, and new clients spread", async () => {
  const seen = new Set<string>();
  for (let client = 0; client < 12; client += 1) {
    const first = await mesh.fetch("http://kept.example/");
    const token = first.headers.getSetCookie().find((one) => one.startsWith("kept="));
    const cookie = token?.split(";")[0] ?? "";
    const name = await first.text();
    seen.add(name);
    for (let again = 0; again < 3; again += 1) {
      const next = await mesh.fetch("http://kept.example/", { headers: { cookie } });
      expect([await next.text(), next.headers.getSetCookie().join()]).not.toContain("kept=");
      expect(cookie).not.toBe("");
    }
  }
  expect(seen.size).toBe(2);
});

test("a known user is on the same side of every split, without a cookie", async () => {
  const sides = new Map<string, string>();
  for (let user = 0; user < 24; user += 1) {
    const headers = { "x-user": `user-${user}` };
    const answer = await mesh.fetch("http://front.example/", { headers });
    expect(answer.headers.getSetCookie()).toEqual([]);
    const [cart = "", pay] = (await answer.text()).split(" ");
    expect(pay).toBe(cart);
    sides.set(headers["x-user"], cart);
  }
  expect(new Set(sides.values()).size).toBe(2);
  const again = await mesh.fetch("http://front.example/", { headers: { "x-user": "user-7" } });
  expect((await again.text()).split(" ")[0]).toBe(sides.get("user-7"));
  const unknown = await mesh.fetch("http://front.example/");
  expect(unknown.headers.getSetCookie().join()).toContain("heddle-cohort=");
});

test("a key keeps its endpoint", async () => {
  await mesh.resetCounters();
  for (let call = 0; call < 10; call += 1)
    await mesh.fetch("http://ring.example/", { headers: { "x-key": "seven" } });
  const ran = Object.entries(await mesh.counters()).filter(
    ([name, { handlerRuns }]) => /cart|pay/.test(name) && handlerRuns > 0,
  );
  expect(ran.map(([, { handlerRuns }]) => handlerRuns)).toEqual([10]);
});

/** What a method answers, or what its call came to. */
async function called(clerk: string, call: string, user = "nobody"): Promise<string> {
  const headers = { "x-user": user };
  const answer = await mesh.fetch(`http://${clerk}.example/${call}`, { headers });
  return answer.text();
}

describe("methods by an RPCRoute", () => {
  test("one method of an entrypoint is split by weight, on the side of the user's other splits", async () => {
    const sides = new Set<string>();
    for (let user = 0; user < 16; user += 1) {
      const name = `user-${user}`;
      const side = await called("clerk", "TILL/charge", name);
      sides.add(side);
      const front = await mesh.fetch("http://front.example/", { headers: { "x-user": name } });
      expect(`${side} ${side}`).toBe(await front.text());
      expect(await called("clerk", "TILL/charge", name)).toBe(side);
    }
    expect([...sides].toSorted()).toEqual(["v1", "v2"]);
  });

  test.each([
    ["a set of methods, of any entrypoint", "clerk", "TILL/refund", "v2"],
    ["a set of methods, of any entrypoint", "clerk", "TILL/void", "v2"],
    ["a set of methods, of any entrypoint", "clerk", "AUDIT/void", "v2"],
    ["an entrypoint, whatever the method", "clerk", "AUDIT/charge", "v2"],
    ["a caller, whatever it calls", "auditor", "TILL/quote", "v2"],
    ["a caller only where no method is named", "auditor", "TILL/list", "v1"],
    ["no rule: the service itself", "clerk", "TILL/quote", "v1"],
    ["no rule: the service itself", "clerk", "TILL/count", "v1"],
  ])("%s: %s calls %s", async (_, clerk, call, side) => {
    for (const user of ["user-1", "user-2", "user-3", "user-4"])
      expect(await called(clerk, call, user)).toBe(side);
  });

  test("no RPCRoute: as a request would go by the service's HTTP routes", async () => {
    const sides = new Set<string>();
    for (let user = 0; user < 12; user += 1) {
      const side = await called("clerk", "CART/side", `user-${user}`);
      sides.add(side);
      expect(side).toBe(await called("clerk", "TILL/charge", `user-${user}`));
    }
    expect([...sides].toSorted()).toEqual(["v1", "v2"]);
  });

  test("a rule's timeout ends the call", async () => {
    expect(await called("clerk", "TILL/slow")).toBe("HeddleError deadline_exceeded");
    expect(await called("clerk", "AUDIT/slow")).toBe("v2");
  });

  test("a rule's retry makes a call again that had no answer in time", async () => {
    expect(await called("clerk", "TILL/flaky")).toBe("v1 at the third");
    expect(await called("clerk", "TILL/once")).toBe("HeddleError per_try_timeout");
    expect(await called("clerk", "TILL/once")).toBe("v1");
  });

  test("and leaves the side that fails for the other, for every user", async () => {
    for (let user = 0; user < 8; user += 1)
      expect(await called("clerk", "TILL/leave", `user-${user}`)).toBe("v1");
  });

  test("but not with what can be given only once, and not for what the method throws", async () => {
    expect(await called("clerk", "TILL/lent")).toBe("HeddleError per_try_timeout");
    expect(await called("clerk", "TILL/throwing")).toBe("RangeError thrown 1");
  });
});

test("a backendRef's cross-origin rules answer preflights and mark its answers", async () => {
  const url = "http://shared.example/x";
  const origin = "https://a.example";
  const asked = { origin, "access-control-request-method": "GET" };
  const preflight = await mesh.fetch(url, { method: "OPTIONS", headers: asked });
  expect([preflight.status, await preflight.text()]).toEqual([200, ""]);
  expect(preflight.headers.get("access-control-max-age")).toBe("60");
  const allowed = async (from: string): Promise<string | null> => {
    const answer = await mesh.fetch(url, { headers: { origin: from } });
    await answer.text();
    return answer.headers.get("access-control-allow-origin");
  };
  expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
  expect(await allowed(origin)).toBe(origin);
  expect(await allowed("https://b.example")).toBeNull();
});

describe("through every filter of a route", () => {
  test("an answer streams", async () => {
    const headers = { origin: "https://a.example" };
    const answer = await mesh.fetch("http://full.example/full/stream", { headers });
    const reader = answer.body!.getReader();
    const { value } = await reader.read();
    expect(new TextDecoder().decode(value)).toBe("/moved/stream yes");
    for (const name of ["x-answered", "x-backend"]) expect(answer.headers.get(name)).toBe("yes");
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://a.example");
    expect(answer.headers.get("x-session")).not.toBeNull();
    expect(await (await mesh.fetch("http://full.example/full/release")).text()).toBe("released");
    expect((await reader.read()).done).toBe(true);
  });

  test("a WebSocket opens and echoes", async () => {
    const wire = {
      address: new URL(mesh.gateway).host,
      method: "GET",
      target: "/full/socket",
      headers: [["Host", "full.example"]] as const,
    };
    const frames = [
      { send_text: "wéft", expect_text: "wéft" },
      { send_binary_hex: "0102ff", expect_binary_hex: "0102ff" },
    ];
    expect(await exchange(wire, frames)).toEqual([]);
  });
});
