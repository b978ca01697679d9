// The path that policies see: for every accepted one a policy, Hono and itty-router read the same string.
import fc from "fast-check";
import { Hono } from "hono";
import { Router } from "itty-router";
import { describe, expect, it } from "vitest";
import { policyHost, policyPath } from "../../../mesh/algorithms/authorize/path.ts";
import { holds, holdsLater } from "../property.ts";

const PIECES = [
  ..."/ab.~-_;:@=+$,!&'()*%{}[]|^\"\\ é<>`#?".split(""),
  ..."%61 %2e %2E %2f %5c %00 %7f %25 %2520 %20 %3a %40 %3b %3f %23 %c3%a9 %c0%af %zz".split(" "),
  "/../",
  "/./",
  "//",
  "/a/b",
];
const anyPath = fc
  .array(fc.constantFrom(...PIECES), { maxLength: 12 })
  .map((pieces) => `/${pieces.join("")}`);

const hono = new Hono().all("*", (c) => c.text(c.req.path));
const itty = Router();
itty.all("*", ({ url }) => new URL(url).pathname);

/** What the runtime hands a Worker of a path; null where it answers 400 itself. */
function seen(path: string): string | null {
  try {
    return new URL(`http://host${path.replace(/[?#].*$/s, "")}`).pathname;
  } catch {
    return null;
  }
}

describe("policy path", () => {
  it("is the string that Hono and itty-router read", () =>
    holdsLater(
      fc.asyncProperty(anyPath, async (given) => {
        const path = policyPath(seen(given) ?? "");
        if (path === null) return;
        const request = () => new Request(`http://host${path}`);
        expect(await (await hono.fetch(request())).text()).toBe(path);
        expect(await itty.fetch(request())).toBe(path);
      }),
      0.3,
    ));

  it("is its own path, in time that grows with its length", () =>
    holds(
      fc.property(anyPath, (given) => {
        const path = policyPath(given);
        if (path !== null) expect(policyPath(path)).toBe(path);
      }),
    ));

  it.each([
    ["/a/b", "/a/b"],
    ["/%61dmin", "/admin"],
    ["/a%3Ab", "/a%3Ab"],
    ["/trailing/", "/trailing/"],
    ["/", "/"],
  ])("%s is %s", (given, path) => expect(policyPath(given)).toBe(path));

  it.each(
    "//a /a//b /a/../b /a/.. /.. /a/. /. /%2e%2e/a /a/%2e%2e /a%2fb /a%5cb /a\\b /a;b=1 /a%00 /a%252f /a%20b /caf%c3%a9 /%c0%af /a% a".split(
      " ",
    ),
  )("%s is refused", (given) => expect(policyPath(given)).toBeNull());

  it("of more than 4 KiB is refused", () => {
    expect(policyPath(`/${"a".repeat(4096)}`)).toBeNull();
    expect(policyPath(`/${"a".repeat(4095)}`)).not.toBeNull();
  });

  it("knows a host by any spelling", () => {
    for (const host of ["Shop.Example", "shop.example:443", "SHOP.EXAMPLE.", "shop.example.:80"])
      expect(policyHost(host)).toBe("shop.example");
    expect(policyHost("[::1]:80")).toBe("[::1]");
  });
});
