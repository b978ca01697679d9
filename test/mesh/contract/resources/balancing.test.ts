// What `balancing` and `cohort` take, and which field an error names.
import { describe, expect, it } from "vitest";
import { parseResource } from "../../../../mesh/contract/resources/parse.ts";

const service = (balancing: object, more: object = {}): object => ({
  apiVersion: "heddle.dev/v1",
  kind: "Service",
  metadata: { name: "x" },
  spec: { endpoints: [{ worker: "a" }, { worker: "b" }], balancing, ...more },
});
const mesh = (...from: readonly object[]): object => ({
  apiVersion: "heddle.dev/v1",
  kind: "Mesh",
  metadata: { name: "x" },
  spec: { defaults: { cohort: { from } } },
});
const policy = (target: object, balancing: object): object => ({
  apiVersion: "heddle.dev/v1",
  kind: "TrafficPolicy",
  metadata: { name: "x" },
  spec: { targetRefs: [target], balancing },
});

const errorsOf = (document: object): readonly string[] => {
  const parsed = parseResource(document);
  return parsed.ok ? [] : parsed.errors.map(({ path, message }) => `${path}: ${message}`);
};

const hash = { on: "header", name: "x-user" };

describe("balancing", () => {
  it.each([
    [{}],
    [{ mode: "peak-ewma", panicThreshold: 0 }],
    [{ mode: "least-request", bias: 0.5 }],
    [{ mode: "ring", hash, points: 10, bound: 1.25 }],
    [{ mode: "maglev", hash: { on: "cohort" } }],
    [{ mode: "rendezvous", hash: { on: "cookie", name: "id" } }],
    [{ locality: { failover: ["eu"] }, slowStart: { window: "30s" } }],
    [{ subset: { label: "version", header: "x-version" } }],
  ])("takes %j", (balancing) => {
    expect(errorsOf(service(balancing))).toEqual([]);
    expect(errorsOf(policy({ name: "x" }, balancing))).toEqual([]);
  });

  it.each([
    [{ mode: "rnig", hash }, "mode"],
    [{ mode: "ring" }, "hash"],
    [{ mode: "p2c", hash }, "hash"],
    [{ mode: "p2c", bound: 2 }, "bound"],
    [{ mode: "maglev", hash, points: 5 }, "points"],
    [{ mode: "p2c", bias: 1 }, "bias"],
    [{ mode: "ring", hash: { on: "header" } }, "hash.name"],
    [{ mode: "ring", hash: { on: "path", name: "x" } }, "hash.name"],
    [{ mode: "ring", hash, bound: 1 }, "bound"],
    [{ locality: {} }, "locality"],
    [{ locality: { failover: ["a"], weights: { a: 1 } } }, "locality"],
    [{ slowStart: { window: "soon" } }, "slowStart.window"],
    [{ panicThreshold: 101 }, "panicThreshold"],
    [{ colour: 1 }, "colour"],
  ])("refuses %j at %s", (balancing, field) => {
    const [error] = errorsOf(service(balancing));
    expect(error).toMatch(new RegExp(`^spec\\.balancing\\.${field.replace(".", "\\.")}: `));
  });

  it("does not stand beside balance, nor in a policy for a part of a service", () => {
    expect(errorsOf(service({}, { balance: "p2c" }))).not.toEqual([]);
    expect(errorsOf(policy({ name: "x", sectionName: "a" }, {}))[0]).toMatch(/^spec\.balancing: /);
  });
});

it("a cohort follows from exactly one thing a source", () => {
  expect(errorsOf(mesh({ header: "x-user" }, { cookie: "id" }, { claim: "sub" }))).toEqual([]);
  for (const source of [{}, { header: "x", cookie: "y" }])
    expect(errorsOf(mesh(source))[0]).toMatch(/^spec\.defaults\.cohort\.from\[0\]: /);
  expect(errorsOf(mesh({ haeder: "x" }))[0]).toContain("cohort.from[0].haeder");
});
