// `heddle apply` against a control that answers from a table: what is sent, what is printed, how it ends and waits.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { EXIT } from "../../cli/exit.ts";
import { change, newDesk } from "./desk.ts";

const desk = newDesk();

describe("apply", () => {
  test("sends all documents of files, folders and stdin, and prints what became of them", async () => {
    mkdirSync(path.join(desk.dir, "mesh/inner"), { recursive: true });
    writeFileSync(path.join(desk.dir, "mesh/a.yaml"), "kind: A\n---\nkind: B\n---\n");
    writeFileSync(path.join(desk.dir, "mesh/inner/c.json"), '{"kind":"C"}');
    writeFileSync(path.join(desk.dir, "mesh/notes.txt"), "not: ours");
    desk.replies["POST /v1/apply"] = change("configured");
    const { exit, out, err } = await desk.heddle("apply -f mesh -f - --dry-run", {
      input: '{"kind":"List","items":[{"kind":"D"}]}',
    });
    expect(err).toBe("");
    expect(exit).toBe(EXIT.ok);
    expect(out).toBe("HTTPRoute/reviews configured (dry run)\n");
    expect(desk.control.asked).toEqual([
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
    writeFileSync(path.join(desk.dir, "ok.yaml"), "kind: HTTPRoute\n");
    writeFileSync(
      path.join(desk.dir, "bad.yaml"),
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
    desk.replies["POST /v1/apply"] = {
      status: 422,
      body: { title: "invalid", status: 422, errors },
    };
    const { exit, out, err } = await desk.heddle("apply -f ok.yaml -f bad.yaml");
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
    writeFileSync(path.join(desk.dir, "a.yaml"), "kind: A\n  b: [\n");
    const malformed = await desk.heddle("apply -f a.yaml");
    expect(malformed.exit).toBe(EXIT.failed);
    expect(malformed.err).toMatch(/^error: a\.yaml:\d+:\d+: /);
    const missing = await desk.heddle("apply -f nowhere.yaml");
    expect(missing.err).toContain("cannot read nowhere.yaml: no such file");
    writeFileSync(path.join(desk.dir, "empty.yaml"), "# nothing\n");
    expect((await desk.heddle("apply -f empty.yaml")).err).toContain("no resource in empty.yaml");
    expect(desk.control.asked).toEqual([]);
  });

  test("an alias without a value of its own is malformed YAML, too", async () => {
    const lists = Array.from(
      { length: 12 },
      (_, at) => `  - &l${at + 1} [${`*l${at},`.repeat(9)}]`,
    );
    const wrong = {
      "kind: A\nspec: *gone\n": "2:7: malformed YAML: *gone has no anchor before it",
      "kind: A\nspec: &a\n  b: { c: *a }\n":
        "3:11: malformed YAML: *a stands inside its own anchor",
      [`spec:\n  - &l0 x\n${lists.join("\n")}\n`]: "1:1: malformed YAML: Excessive alias count",
    };
    for (const [text, said] of Object.entries(wrong)) {
      const { exit, err } = await desk.heddle("apply -f -", { input: text });
      expect({ exit, err }).toEqual({
        exit: EXIT.failed,
        err: expect.stringMatching(new RegExp(`^error: <stdin>:${RegExp.escape(said)}.*\\n$`)),
      });
    }
    expect(desk.control.asked).toEqual([]);
  });

  test("conditions that do not hold are warnings with file and line", async () => {
    writeFileSync(path.join(desk.dir, "r.yaml"), "kind: HTTPRoute\nmetadata:\n  name: reviews\n");
    desk.replies["POST /v1/apply"] = change("created", [
      "HTTPRoute default/reviews: BackendNotFound: no.",
    ]);
    const { exit, err } = await desk.heddle("apply -f r.yaml");
    expect(exit).toBe(EXIT.ok);
    expect(err).toBe("warning: r.yaml:3:3: HTTPRoute default/reviews: BackendNotFound: no.\n");
  });

  test("a stale resourceVersion ends with 6, a control that is not there with 5", async () => {
    writeFileSync(path.join(desk.dir, "r.yaml"), "kind: HTTPRoute\n");
    desk.replies["POST /v1/apply"] = {
      status: 409,
      body: { title: "Somebody else changed it first." },
    };
    expect((await desk.heddle("apply -f r.yaml")).exit).toBe(EXIT.conflict);
    const gone = await desk.heddle("apply -f r.yaml", {
      env: { HEDDLE_CONTROL: "http://127.0.0.1:1" },
    });
    expect(gone.exit).toBe(EXIT.unreachable);
    expect(gone.err).toContain("control at http://127.0.0.1:1 does not answer");
    desk.replies["POST /v1/apply"] = {
      status: 401,
      body: { title: "The request carries no valid token." },
    };
    const denied = await desk.heddle("apply -f r.yaml");
    expect(denied.exit).toBe(EXIT.failed);
    expect(denied.err).toContain("HEDDLE_TOKEN");
    desk.replies["POST /v1/apply"] = { body: null, raw: "<html>" };
    const stranger = await desk.heddle("apply -f r.yaml");
    expect(stranger.exit).toBe(EXIT.failed);
    expect(stranger.err).toContain("is no control");
  });

  test("--wait pokes, then asks until the version is in use, and says who had not acknowledged", async () => {
    writeFileSync(path.join(desk.dir, "r.yaml"), "kind: HTTPRoute\n");
    const pending = [
      { workload: "default/front", isolate: "i", version: 6, seenMs: 1, nack: null },
    ];
    let left = 2;
    desk.replies["POST /v1/apply"] = change("configured");
    desk.replies["POST /dev/poke"] = { body: { workers: [] } };
    desk.replies["GET /v1/convergence?version=7"] = () => ({
      body: { version: 7, inUse: --left <= 0, leaseMs: 2000, acknowledged: [], pending },
    });
    const { exit, err } = await desk.heddle("apply -f r.yaml --wait -o json");
    expect(exit).toBe(EXIT.ok);
    expect(err).toBe("table 7 is in use; not acknowledged by default/front (on 6)\n");
    expect(desk.control.asked.map(({ path: at }) => at)).toEqual([
      "/v1/apply",
      "/dev/poke",
      "/v1/convergence?version=7",
      "/v1/convergence?version=7",
    ]);
  });

  test("--wait pokes again where a Worker was answered with an older table", async () => {
    writeFileSync(path.join(desk.dir, "r.yaml"), "kind: HTTPRoute\n");
    const answers = [[{ workload: "default/front", result: 6 }, { workload: "default/bare" }], []];
    let pokes = 0;
    desk.replies["POST /v1/apply"] = change("configured");
    desk.replies["POST /dev/poke"] = () => ({ body: { workers: answers[pokes++] } });
    desk.replies["GET /v1/convergence?version=7"] = () => ({
      body: { version: 7, inUse: pokes > 1, leaseMs: 2000, acknowledged: [], pending: [] },
    });
    expect(await desk.heddle("apply -f r.yaml --wait")).toMatchObject({ exit: EXIT.ok, err: "" });
    expect(pokes).toBe(2);
  });

  test("--wait gives up after the lease and two seconds with 4", async () => {
    writeFileSync(path.join(desk.dir, "r.yaml"), "kind: HTTPRoute\n");
    desk.replies["POST /v1/apply"] = change("configured");
    desk.replies["GET /v1/convergence?version=7"] = {
      body: { version: 7, inUse: false, leaseMs: -1900, acknowledged: [], pending: [] },
    };
    const { exit, err } = await desk.heddle("apply -f r.yaml --wait");
    expect(exit).toBe(EXIT.timeout);
    expect(err).toContain("table 7 is not in use yet");
  });
});
