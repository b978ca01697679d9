// The OpenAPI document is what the schemas make of it, and describes the routes there are, no more and no less.
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { OPERATIONS, type Operation } from "../../control/api.ts";
import { toOpenApi } from "../../control/openapi.ts";
import { VERSION } from "../../control/version.ts";

const root = `${import.meta.dirname}/../..`;
const file = `${root}/control/openapi.json`;

describe("openapi.json", () => {
  it("is up to date", () => {
    const text = `${JSON.stringify(toOpenApi(), null, 2)}\n`;
    if (process.env["UPDATE_GOLDEN"]) writeFileSync(file, text);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(JSON.parse(text));
  });

  it("has the routes of the app", async () => {
    vi.doMock("cloudflare:workers", () => ({}));
    const { app } = await import("../../control/app.ts");
    const routes = app.routes
      .filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    const { paths } = toOpenApi() as { paths: Record<string, object> };
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(documented.toSorted()).toEqual(routes.toSorted());
  });

  it("says which operations need no token", () => {
    const open = Object.values<Operation>(OPERATIONS).filter((operation) => operation.open);
    expect(open.map(({ path }) => path)).toEqual([
      "/livez",
      "/readyz",
      "/.well-known/spiffe/bundle.json",
    ]);
  });

  it("carries the version of the package", () => {
    const manifest = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as {
      version: string;
    };
    expect(VERSION).toBe(manifest.version);
  });
});
