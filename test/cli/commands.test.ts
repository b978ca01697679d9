// The commands against a control that answers from a table: what is asked, what is printed, how they end.
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EXIT } from "../../cli/exit.ts";
import { runCli } from "../../cli/program.ts";
import {
  captureIo,
  startFakeControl,
  type Asked,
  type FakeControl,
  type Reply,
} from "./fake-control.ts";

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

let dir = "";
let control: FakeControl;
let replies: Record<string, Reply | ((asked: Asked) => Reply)> = {};

beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), "heddle-cli-"));
  replies = {};
  control = await startFakeControl((asked) => {
    const reply = replies[`${asked.method} ${asked.path}`];
    if (reply === undefined)
      return { status: 404, body: { title: "none", status: 404, errors: [] } };
    return typeof reply === "function" ? reply(asked) : reply;
  });
});
afterEach(async () => {
  await control.close();
  rmSync(dir, { recursive: true, force: true });
});

async function heddle(line: string, over: Parameters<typeof captureIo>[0] = {}) {
  const io = captureIo({
    cwd: dir,
    env: { HEDDLE_CONTROL: `${control.url}/`, HEDDLE_TOKEN: "t0ken" },
    ...over,
  });
  const exit = await runCli(line.split(" "), io);
  return { exit, out: io.stdout(), err: io.stderr() };
}

const change = (verdict: string, warnings: readonly string[] = []): Reply => ({
  body: {
    results: [{ kind: "HTTPRoute", namespace: "default", name: "reviews", verdict }],
    version: 7,
    warnings,
  },
});

describe("usage", () => {
  test("an unknown command is told with the nearest one", async () => {
    const { exit, err, out } = await heddle("aply");
    expect(exit).toBe(EXIT.usage);
    expect(err).toContain("unknown command 'aply'");
    expect(err).toContain("Did you mean apply?");
    expect(out).toBe("");
  });

  test("help goes to stdout with examples, for every command", async () => {
    for (const name of ["", "dev ", "weave ", "apply ", "get ", "delete ", "version "]) {
      const { exit, out } = await heddle(`${name}--help`);
      expect(exit).toBe(EXIT.ok);
      expect(out.split("Examples:\n")[1]?.match(/\$ heddle /g)?.length).toBeGreaterThanOrEqual(2);
    }
  });

  test("wrong options and kinds end with 2", async () => {
    expect((await heddle("dev --port x")).exit).toBe(EXIT.usage);
    expect((await heddle("get routes -o xml")).exit).toBe(EXIT.usage);
    expect((await heddle("apply")).exit).toBe(EXIT.usage);
    expect((await heddle("delete")).exit).toBe(EXIT.usage);
    const { exit, err } = await heddle("get rutes");
    expect(exit).toBe(EXIT.usage);
    expect(err).toContain('did you mean "routes"?');
  });
});

describe("apply", () => {
  test("sends all documents of files, folders and stdin, and prints what became of them", async () => {
    mkdirSync(path.join(dir, "mesh/inner"), { recursive: true });
    writeFileSync(path.join(dir, "mesh/a.yaml"), "kind: A\n---\nkind: B\n---\n");
    writeFileSync(path.join(dir, "mesh/inner/c.json"), '{"kind":"C"}');
    writeFileSync(path.join(dir, "mesh/notes.txt"), "not: ours");
    replies["POST /v1/apply"] = change("configured");
    const { exit, out, err } = await heddle("apply -f mesh -f - --dry-run", {
      input: '{"kind":"List","items":[{"kind":"D"}]}',
    });
    expect(err).toBe("");
    expect(exit).toBe(EXIT.ok);
    expect(out).toBe("HTTPRoute/reviews configured (dry run)\n");
    expect(control.asked).toEqual([
      {
        method: "POST",
        path: "/v1/apply",
        authorization: "Bearer t0ken",
        body: {
          documents: [{ kind: "A" }, { kind: "B" }, { kind: "C" }, { kind: "D" }],
          dryRun: true,
        },
      },
    ]);
  });

  test("an error of control is told with file and line", async () => {
    writeFileSync(path.join(dir, "ok.yaml"), "kind: HTTPRoute\n");
    writeFileSync(
      path.join(dir, "bad.yaml"),
      "kind: HTTPRoute\n---\nkind: HTTPRoute\nspec:\n  rules:\n    - backendRef: []\n",
    );
    const errors = [
      {
        path: "documents[2].spec.rules[0].backendRef",
        kind: "list",
        message: "spec.rules[0].backendRef is not a known field",
        mend: 'Did you mean "backendRefs"?',
      },
      {
        path: "documents[2].metadata",
        kind: "missing",
        message: "metadata is missing",
        mend: "Add it.",
      },
    ];
    replies["POST /v1/apply"] = { status: 422, body: { title: "invalid", status: 422, errors } };
    const { exit, out, err } = await heddle("apply -f ok.yaml -f bad.yaml");
    expect(exit).toBe(EXIT.failed);
    expect(out).toBe("");
    expect(err.split("\n")).toEqual([
      "error: bad.yaml:6:7: spec.rules[0].backendRef is not a known field",
      '  Did you mean "backendRefs"?',
      "error: bad.yaml:3:1: metadata is missing",
      "  Add it.",
      "",
    ]);
  });

  test("malformed YAML and missing files never reach control", async () => {
    writeFileSync(path.join(dir, "a.yaml"), "kind: A\n  b: [\n");
    const malformed = await heddle("apply -f a.yaml");
    expect(malformed.exit).toBe(EXIT.failed);
    expect(malformed.err).toMatch(/^error: a\.yaml:\d+:\d+: /);
    const missing = await heddle("apply -f nowhere.yaml");
    expect(missing.err).toContain("cannot read nowhere.yaml: no such file");
    writeFileSync(path.join(dir, "empty.yaml"), "# nothing\n");
    expect((await heddle("apply -f empty.yaml")).err).toContain("no resource in empty.yaml");
    expect(control.asked).toEqual([]);
  });

  test("conditions that do not hold are warnings with file and line", async () => {
    writeFileSync(path.join(dir, "r.yaml"), "kind: HTTPRoute\nmetadata:\n  name: reviews\n");
    replies["POST /v1/apply"] = change("created", [
      "HTTPRoute default/reviews: BackendNotFound: no.",
    ]);
    const { exit, err } = await heddle("apply -f r.yaml");
    expect(exit).toBe(EXIT.ok);
    expect(err).toBe("warning: r.yaml:3:3: HTTPRoute default/reviews: BackendNotFound: no.\n");
  });

  test("a stale resourceVersion ends with 6, a control that is not there with 5", async () => {
    writeFileSync(path.join(dir, "r.yaml"), "kind: HTTPRoute\n");
    replies["POST /v1/apply"] = { status: 409, body: { title: "Somebody else changed it first." } };
    expect((await heddle("apply -f r.yaml")).exit).toBe(EXIT.conflict);
    const gone = await heddle("apply -f r.yaml", { env: { HEDDLE_CONTROL: "http://127.0.0.1:1" } });
    expect(gone.exit).toBe(EXIT.unreachable);
    expect(gone.err).toContain("control at http://127.0.0.1:1 does not answer");
    replies["POST /v1/apply"] = {
      status: 401,
      body: { title: "The request carries no valid token." },
    };
    const denied = await heddle("apply -f r.yaml");
    expect(denied.exit).toBe(EXIT.failed);
    expect(denied.err).toContain("HEDDLE_TOKEN");
    replies["POST /v1/apply"] = { body: null, raw: "<html>" };
    const stranger = await heddle("apply -f r.yaml");
    expect(stranger.exit).toBe(EXIT.failed);
    expect(stranger.err).toContain("is no control");
  });

  test("--wait pokes, then asks until the version is in use, and says who had not acknowledged", async () => {
    writeFileSync(path.join(dir, "r.yaml"), "kind: HTTPRoute\n");
    const pending = [
      { workload: "default/front", isolate: "i", version: 6, seenMs: 1, nack: null },
    ];
    let left = 2;
    replies["POST /v1/apply"] = change("configured");
    replies["POST /dev/poke"] = { body: { workers: [] } };
    replies["GET /v1/convergence?version=7"] = () => ({
      body: { version: 7, inUse: --left <= 0, leaseMs: 2000, acknowledged: [], pending },
    });
    const { exit, err } = await heddle("apply -f r.yaml --wait -o json");
    expect(exit).toBe(EXIT.ok);
    expect(err).toBe("table 7 is in use; not acknowledged by default/front (on 6)\n");
    expect(control.asked.map(({ path: at }) => at)).toEqual([
      "/v1/apply",
      "/dev/poke",
      "/v1/convergence?version=7",
      "/v1/convergence?version=7",
    ]);
  });

  test("--wait gives up after the lease and two seconds with 4", async () => {
    writeFileSync(path.join(dir, "r.yaml"), "kind: HTTPRoute\n");
    replies["POST /v1/apply"] = change("configured");
    replies["GET /v1/convergence?version=7"] = {
      body: { version: 7, inUse: false, leaseMs: -1900, acknowledged: [], pending: [] },
    };
    const { exit, err } = await heddle("apply -f r.yaml --wait");
    expect(exit).toBe(EXIT.timeout);
    expect(err).toContain("table 7 is not in use yet");
  });
});

describe("get", () => {
  test("a kind by any of its names, as a table and as data", async () => {
    replies["GET /v1/resources?kind=HTTPRoute&namespace=default"] = {
      body: { items: [route("reviews")] },
    };
    for (const name of ["route", "HTTPRoutes", "httproute"]) {
      const { exit, out } = await heddle(`get ${name}`);
      expect(exit).toBe(EXIT.ok);
      expect(out.split("\n")[0]).toBe("NAME     HOSTS      PARENTS          STATUS            AGE");
      expect(out.split("\n")[1]).toMatch(
        /^reviews {2}a\.example {2}Service\/reviews {2}Accepted: NoPort {2}\d+d$/,
      );
    }
    expect(JSON.parse((await heddle("get route -o json")).out)).toEqual({
      items: [route("reviews")],
    });
    expect((await heddle("get route -o name")).out).toBe("HTTPRoute/reviews\n");
    expect((await heddle("get route -o yaml")).out).toContain("items:\n  - apiVersion:");
  });

  test("one resource is one object; a kind without a namespace has none", async () => {
    replies["GET /v1/resources/HTTPRoute/infra/a"] = { body: route("a") };
    expect(JSON.parse((await heddle("get route a -n infra -o json")).out)).toEqual(route("a"));
    replies["GET /v1/resources/Mesh/_/shop"] = { body: { ...route("shop"), kind: "Mesh" } };
    expect(JSON.parse((await heddle("get mesh shop -o json")).out)).toMatchObject({ kind: "Mesh" });
    replies["GET /v1/resources?kind=HTTPRoute"] = { body: { items: [route("a")] } };
    expect((await heddle("get routes -A")).out).toMatch(/^NAMESPACE {2}NAME/);
    const none = await heddle("get route other");
    expect(none.exit).toBe(EXIT.failed);
  });

  test("a field without effect shows in the status", async () => {
    const bad = { type: "PartiallyProgrammed", status: "True", reason: "UnsupportedFeature" };
    const partly = { ...route("reviews"), status: { parents: [{ conditions: [bad] }] } };
    replies["GET /v1/resources?kind=HTTPRoute&namespace=default"] = { body: { items: [partly] } };
    expect((await heddle("get routes")).out).toContain("PartiallyProgrammed: UnsupportedFeature");
  });
});

describe("delete", () => {
  test("by kind and name, and by file", async () => {
    writeFileSync(
      path.join(dir, "r.yaml"),
      "kind: HTTPRoute\nmetadata: { name: reviews, namespace: infra }\n---\nkind: Mesh\nmetadata: { name: shop }\n",
    );
    replies["POST /v1/delete"] = change("deleted");
    expect((await heddle("delete route reviews")).out).toBe("HTTPRoute/reviews deleted\n");
    expect((await heddle("delete -f r.yaml")).exit).toBe(EXIT.ok);
    expect(control.asked.map(({ body }) => body)).toEqual([
      { refs: [{ kind: "HTTPRoute", name: "reviews", namespace: "default" }] },
      {
        refs: [
          { kind: "HTTPRoute", name: "reviews", namespace: "infra" },
          { kind: "Mesh", name: "shop" },
        ],
      },
    ]);
    replies["POST /v1/delete"] = change("absent");
    const absent = await heddle("delete route reviews");
    expect(absent.exit).toBe(EXIT.failed);
    expect(absent.err).toContain("there is no HTTPRoute/reviews");
  });
});

describe("which control", () => {
  test("without HEDDLE_CONTROL, the running dev mesh of the project above", async () => {
    mkdirSync(path.join(dir, ".heddle/state"), { recursive: true });
    mkdirSync(path.join(dir, "workers/a"), { recursive: true });
    writeFileSync(path.join(dir, "mesh.yaml"), "");
    replies["GET /v1/version"] = { body: { version: "1.2.3", mesh: "shop", table: 5 } };
    const below = { cwd: path.join(dir, "workers/a"), env: {} };
    const stopped = await heddle("get routes", below);
    expect(stopped.exit).toBe(EXIT.unreachable);
    expect(stopped.err).toContain(`the mesh of ${dir} is not running`);
    const dev = { control: control.url, token: "d", pid: process.pid };
    writeFileSync(path.join(dir, ".heddle/state/dev.json"), JSON.stringify(dev));
    const { out, exit } = await heddle("version -o json", below);
    expect(exit).toBe(EXIT.ok);
    expect(JSON.parse(out)).toMatchObject({ control: { version: "1.2.3", table: 5 } });
    expect(control.asked[0]?.authorization).toBe("Bearer d");
  });
});
