// How the filters of a route are laid into the table, by the Gateway API's text.
import { describe, expect, it } from "vitest";
import { compileFilters, type FilterPlace } from "../../../control/compile/filters.ts";
import type { HTTPRouteFilter } from "../../../mesh/contract/resources/http-route-filters.ts";
import { httpRouteSpecSchema } from "../../../mesh/contract/resources/http-route.ts";

const compiledAt = (filter: object, place: FilterPlace): ReturnType<typeof compileFilters> => {
  const spec = httpRouteSpecSchema.parse({ rules: [{ filters: [filter] }] });
  const filters: readonly HTTPRouteFilter[] = spec.rules[0]?.filters ?? [];
  return compileFilters(filters, place, "/", () => {
    throw new Error("no filter here has a backend");
  });
};
const compiled = (filter: object): ReturnType<typeof compileFilters>["fields"] =>
  compiledAt(filter, "rule").fields;

describe("header modifiers", () => {
  it("take the first of several entries with equivalent names", () => {
    const twice = [
      { name: "X-Team", value: "a" },
      { name: "x-team", value: "b" },
      { name: "x-other", value: "c" },
    ];
    const first = [
      ["x-team", "a"],
      ["x-other", "c"],
    ];
    const requestHeaderModifier = { set: twice, add: twice };
    expect(compiled({ type: "RequestHeaderModifier", requestHeaderModifier })).toEqual({
      transform: { request: { set: first, add: first } },
    });
  });
});

describe("cross-origin rules", () => {
  const exposed = (allowCredentials: boolean, ...exposeHeaders: string[]): string | undefined =>
    compiled({
      type: "CORS",
      cors: { allowOrigins: ["https://a.example"], allowCredentials, exposeHeaders },
    }).cors?.expose;

  it("of a backendRef are part of what it does to its own calls", () => {
    const cors = { allowOrigins: ["https://a.example"], maxAge: 60 };
    const ofRule = compiledAt({ type: "CORS", cors }, "rule");
    const ofBackend = compiledAt({ type: "CORS", cors }, "backendRef");
    expect(ofRule).toMatchObject({ fields: { cors: { maxAge: 60 } }, isBroken: false });
    expect(ofBackend).toEqual({ fields: { transform: ofRule.fields }, isBroken: false });
  });

  it("expose every header by a wildcard, but never to requests with credentials", () => {
    expect(exposed(false, "*")).toBe("*");
    expect(exposed(true, "*")).toBeUndefined();
    expect(exposed(true, "*", "x-a", "x-b")).toBe("x-a, x-b");
  });
});
