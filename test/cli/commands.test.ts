// The commands against a control that answers from a table: what is asked, what is printed, how they end.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { describe, expect, test } from "vitest";
import { EXIT } from "../../cli/exit.ts";
import { change, newDesk } from "./desk.ts";

const route = (name: string) => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: {
    name,
    namespace: "default",
    generation: 1,
    resourceVersion: "4",
    uid: "u",
    creationTimestamp: "2026-01-01T00:00:00Z",
  },
  spec: { parentRefs: [{ kind: "Service", name }], hostnames: ["a.example"] },
  status: { parents: [{ conditions: [{ type: "Accepted", status: "False", reason: "NoPort" }] }] },
});

const desk = newDesk();

describe("usage", () => {
  test("an unknown command is told with the nearest one", async () => {
    const { exit, err, out } = await desk.heddle("aply");
    expect(exit).toBe(EXIT.usage);
    expect(err).toContain("unknown command 'aply'");
    expect(err).toContain("Did you mean apply?");
    expect(out).toBe("");
  });

  test("help goes to stdout with examples, for every command", async () => {
    for (const name of ["", "dev ", "weave ", "apply ", "get ", "delete ", "version "]) {
      const { exit, out } = await desk.heddle(`${name}--help`);
      expect(exit).toBe(EXIT.ok);
      expect(out.split("Examples:\n")[1]?.match(/\$ heddle /g)?.length).toBeGreaterThanOrEqual(2);
    }
  });

  test("wrong options and kinds end with 2", async () => {
    expect((await desk.heddle("dev --port x")).exit).toBe(EXIT.usage);
    expect((await desk.heddle("get routes -o xml")).exit).toBe(EXIT.usage);
    expect((await desk.heddle("apply")).exit).toBe(EXIT.usage);
    expect((await desk.heddle("delete")).exit).toBe(EXIT.usage);
    const { exit, err } = await desk.heddle("get rutes");
    expect(exit).toBe(EXIT.usage);
    expect(err).toContain('did you mean "routes"?');
  });
});

describe("get", () => {
  test("a kind by any of its names, as a table and as data", async () => {
    desk.replies["GET /v1/resources?kind=HTTPRoute&namespace=default"] = {
      body: { items: [route("reviews")] },
    };
    for (const name of ["route", "HTTPRoutes", "httproute"]) {
      const { exit, out } = await desk.heddle(`get ${name}`);
      expect(exit).toBe(EXIT.ok);
      expect(out.split("\n")[0]).toBe("NAME     HOSTS      PARENTS          STATUS            AGE");
      expect(out.split("\n")[1]).toMatch(
        /^reviews {2}a\.example {2}Service\/reviews {2}Accepted: NoPort {2}\d+d$/,
      );
    }
    expect(JSON.parse((await desk.heddle("get route -o json")).out)).toEqual({
      items: [route("reviews")],
    });
    expect((await desk.heddle("get route -o name")).out).toBe("HTTPRoute/reviews\n");
    expect((await desk.heddle("get route -o yaml")).out).toContain("items:\n  - apiVersion:");
  });

  test("one resource is one object; a kind without a namespace has none", async () => {
    desk.replies["GET /v1/resources/HTTPRoute/infra/a"] = { body: route("a") };
    expect(JSON.parse((await desk.heddle("get route a -n infra -o json")).out)).toEqual(route("a"));
    desk.replies["GET /v1/resources/Mesh/_/shop"] = { body: { ...route("shop"), kind: "Mesh" } };
    expect(JSON.parse((await desk.heddle("get mesh shop -o json")).out)).toMatchObject({
      kind: "Mesh",
    });
    desk.replies["GET /v1/resources?kind=HTTPRoute"] = { body: { items: [route("a")] } };
    expect((await desk.heddle("get routes -A")).out).toMatch(/^NAMESPACE {2}NAME/);
    const none = await desk.heddle("get route other");
    expect(none.exit).toBe(EXIT.failed);
  });

  test("a field without effect shows in the status", async () => {
    const bad = { type: "PartiallyProgrammed", status: "True", reason: "UnsupportedFeature" };
    const partly = { ...route("reviews"), status: { parents: [{ conditions: [bad] }] } };
    desk.replies["GET /v1/resources?kind=HTTPRoute&namespace=default"] = {
      body: { items: [partly] },
    };
    expect((await desk.heddle("get routes")).out).toContain(
      "PartiallyProgrammed: UnsupportedFeature",
    );
  });
});

describe("delete", () => {
  test("by kind and name, and by file", async () => {
    writeFileSync(
      path.join(desk.dir, "r.yaml"),
      "kind: HTTPRoute\nmetadata: { name: reviews, namespace: infra }\n---\nkind: Mesh\nmetadata: { name: shop }\n",
    );
    desk.replies["POST /v1/delete"] = change("deleted");
    expect((await desk.heddle("delete route reviews")).out).toBe("HTTPRoute/reviews deleted\n");
    expect((await desk.heddle("delete -f r.yaml")).exit).toBe(EXIT.ok);
    expect(desk.control.asked.map(({ body }) => body)).toEqual([
      { refs: [{ kind: "HTTPRoute", name: "reviews", namespace: "default" }] },
      {
        refs: [
          { kind: "HTTPRoute", name: "reviews", namespace: "infra" },
          { kind: "Mesh", name: "shop" },
        ],
      },
    ]);
    desk.replies["POST /v1/delete"] = change("absent");
    const absent = await desk.heddle("delete route reviews");
    expect(absent.exit).toBe(EXIT.failed);
    expect(absent.err).toContain("there is no HTTPRoute/reviews");
  });
});

describe("which control", () => {
  test.each(["nonsense", "localhost:8788", "ftp://control.example", "http://"])(
    "HEDDLE_CONTROL=%s: one error that names the variable and its form",
    async (control) => {
      const { exit, err } = await desk.heddle("get routes", { env: { HEDDLE_CONTROL: control } });
      expect(exit).toBe(EXIT.usage);
      expect(err).toContain(`HEDDLE_CONTROL is no URL of control: ${control}`);
      expect(err).toContain("http://127.0.0.1:8788");
      expect(desk.control.asked).toEqual([]);
    },
  );

  test("without HEDDLE_CONTROL, the running dev mesh of the project above", async () => {
    mkdirSync(path.join(desk.dir, ".heddle/state"), { recursive: true });
    mkdirSync(path.join(desk.dir, "workers/a"), { recursive: true });
    writeFileSync(path.join(desk.dir, "mesh.yaml"), "");
    desk.replies["GET /v1/version"] = { body: { version: "1.2.3", mesh: "shop", table: 5 } };
    const below = { cwd: path.join(desk.dir, "workers/a"), env: {} };
    const stopped = await desk.heddle("get routes", below);
    expect(stopped.exit).toBe(EXIT.unreachable);
    expect(stopped.err).toContain(`the mesh of ${desk.dir} is not running`);
    const dev = { control: desk.control.url, token: "d", pid: process.pid };
    writeFileSync(path.join(desk.dir, ".heddle/state/dev.json"), JSON.stringify(dev));
    const { out, exit } = await desk.heddle("version -o json", below);
    expect(exit).toBe(EXIT.ok);
    expect(JSON.parse(out)).toMatchObject({ control: { version: "1.2.3", table: 5 } });
    expect(desk.control.asked[0]?.authorization).toBe("Bearer d");
  });
});

describe("identity revoke", () => {
  test.each<[string, object]>([
    ["cart", { kind: "subject", value: "default/cart" }],
    ["cart.shop --tag v41", { kind: "version", value: "shop/cart@v41" }],
    ["cart --to pay", { kind: "binding", value: "default/cart>default/pay" }],
    ["cart --to pay --session", { kind: "session", value: "default/cart>default/pay" }],
    ["--key s1", { kind: "kid", value: "s1" }],
    [
      "spiffe://other.example/ns/pay/sa/till -n shop",
      { kind: "subject", value: "spiffe://other.example/ns/pay/sa/till" },
    ],
  ])("%s", async (words, revocation) => {
    desk.replies["POST /v1/revoke"] = { body: { revocations: [] } };
    expect((await desk.heddle(`identity revoke ${words}`)).exit).toBe(EXIT.ok);
    expect(desk.control.asked.map(({ body }) => body)).toEqual([revocation]);
  });

  test.each([
    "cart --session",
    "cart --tag v1 --to pay",
    "cart --tag v1 --session",
    "s1 --key --tag v1",
    "spiffe://other.example/ns/pay/sa/till --to pay",
    "spiffe://other.example/ns/pay/sa/till --to pay --session",
    "spiffe://other.example/ns/pay/sa/till --tag v1",
    "cart --to spiffe://other.example/ns/pay/sa/till",
  ])("%s means nothing", async (words) => {
    expect((await desk.heddle(`identity revoke ${words}`)).exit).toBe(EXIT.usage);
    expect(desk.control.asked).toEqual([]);
  });
});

test("a version tag that could not be revoked is not woven", async () => {
  for (const tag of ["a@b", "a/b", "-x", "x".repeat(101)]) {
    const { exit, err } = await desk.heddle(`weave --tag=${tag}`);
    expect(exit).toBe(EXIT.usage);
    expect(err).toContain("is no version tag");
  }
});
