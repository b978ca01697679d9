// Authorization in a running mesh: who may call what, by HTTP operation and by RPC method, and what a refusal says.
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { runCli } from "../../cli/program.ts";
import { type Mesh, startProject } from "./mesh.ts";
import { type Document, meshOf, serviceOf } from "./project.ts";

let mesh: Mesh;
beforeAll(async () => {
  mesh = await startProject("authorize");
}, 60_000);
afterAll(async () => await mesh?.close());

const policyOf = (name: string, spec: Readonly<Record<string, unknown>>): Document => ({
  apiVersion: "heddle.dev/v1",
  kind: "AuthorizationPolicy",
  metadata: { name },
  spec: { targetRefs: [{ kind: "Service", name: "vault" }], ...spec },
});

async function apply(...documents: readonly Document[]): Promise<void> {
  expect(await mesh.apply(documents, "--wait")).toMatchObject({ code: 0, err: "" });
}

async function expectAnswer(
  caller: string,
  path: string,
  reason: string | null,
  { expected = 200, ...more }: { readonly method?: string; readonly expected?: number } = {},
): Promise<void> {
  const { status, body } = await mesh.ask({ caller, path, ...more });
  const isRpc = path.startsWith("/rpc/");
  const read = body.startsWith("{") ? (JSON.parse(body) as Record<string, unknown>) : {};
  const said = isRpc ? (read["error"] as { reason?: string } | undefined)?.reason : read["reason"];
  expect({ path, status: reason === null ? status : 0, said: said ?? null }).toEqual({
    path,
    status: reason === null ? expected : 0,
    said: reason,
  });
  expect(body).not.toContain("vault-only");
}

/** Runs a command against the mesh; answers its code and its JSON. */
async function ran(...args: readonly string[]): Promise<{ code: number; data: unknown }> {
  const { control, token } = mesh.ready;
  let out = "";
  const code = await runCli([...args, "-o", "json"], {
    out: (text) => void (out += text),
    err: () => undefined,
    stdin: () => Promise.resolve(""),
    env: { HEDDLE_CONTROL: control, HEDDLE_TOKEN: token },
    cwd: mesh.folder,
    hasColor: false,
    onStop: () => undefined,
  });
  return { code, data: JSON.parse(out) as unknown };
}

const TILL = { rpc: ["Methods.open", "Methods.open().charge"] };

describe("authorization", { timeout: 60_000 }, () => {
  it("lets in whom an ALLOW policy names, and nobody else", async () => {
    await apply(
      policyOf("vault-only", {
        rules: [
          {
            from: [{ principals: ["default/front"] }],
            to: [{ methods: ["GET"], paths: ["/ok*"] }, { rpc: ["Methods.who"] }, TILL],
          },
        ],
      }),
    );
    await expectAnswer("front", "/vault/ok", null);
    await expectAnswer("front", "/vault/ok", "not_allowed", { method: "POST" });
    await expectAnswer("front", "/vault/seen", "not_allowed");
    await expectAnswer("other", "/vault/ok", "not_allowed");
    await expectAnswer("front", "/rpc/vault-methods/who?arg=", null);
    await expectAnswer("other", "/rpc/vault-methods/who?arg=", "not_allowed");
    // It says nothing of whom it does not select.
    await expectAnswer("other", "/echo/", null);
  });

  it("knows the methods that a policy names, pipelined ones too", async () => {
    await expectAnswer("front", "/rpc/vault-methods/slow?arg=1", "not_allowed");
    await expectAnswer("front", "/rpc/vault-methods/missing?arg=1", "not_allowed");
    await expectAnswer("front", "/rpc/vault-methods/open/charge?arg=1", null);
    await expectAnswer("front", "/rpc/vault-methods/open/refund?arg=1", "not_allowed");
  });

  it("is foretold by `heddle policy`, which names the policy", async () => {
    const verdictOf = async (...words: readonly string[]): Promise<unknown> => {
      const { code, data } = await ran("policy", "check", ...words);
      const [endpoint] = (data as { endpoints: readonly Record<string, unknown>[] }).endpoints;
      return [code, endpoint?.["reason"], endpoint?.["policy"]];
    };
    expect(await verdictOf("front", "vault", "--path", "/ok")).toEqual([
      0,
      "",
      "default/vault-only",
    ]);
    expect(await verdictOf("front", "vault", "-X", "POST")).toEqual([3, "not_allowed", ""]);
    expect(await verdictOf("front", "vault", "--path", "//ok")).toEqual([3, "ambiguous_path", ""]);
    expect(await verdictOf("front", "vault", "--rpc", "Methods.slow")).toEqual([
      3,
      "not_allowed",
      "",
    ]);
    expect(await verdictOf("other", "vault")).toEqual([3, "not_allowed", ""]);
    expect(await verdictOf("other", "flaky")).toEqual([0, "", ""]);
    const { data } = await ran("policy", "matrix");
    const { callers } = data as {
      callers: readonly { from: string; to: Record<string, string> }[];
    };
    const rowOf = (name: string) => callers.find(({ from }) => from === name)?.to;
    expect(rowOf("default/front")).toMatchObject({
      "default/vault": "some",
      "default/flaky": "all",
    });
    expect(rowOf("default/other")).toMatchObject({ "default/vault": "none" });
    expect((await ran("policy", "list")).data).toMatchObject({
      items: [{ metadata: { name: "vault-only" }, status: { selected: ["default/vault"] } }],
    });
  });

  it("refuses ambiguous paths, and sends on the path it judged", async () => {
    for (const path of ["//ok", "/ok%2f..", "/ok;a=1", "/ok%00", "/ok%5c", "/ok%252f", "/ok%20"])
      await expectAnswer("front", `/vault${path}`, "ambiguous_path");
    await apply(
      policyOf("vault-only", { rules: [{ to: [{ paths: ["/seen/*"] }] }] }),
      policyOf("vault-shut", { action: "DENY", rules: [{ to: [{ paths: ["/seen/admin"] }] }] }),
    );
    const seen = await mesh.ask({ caller: "front", path: "/vault/seen/%61%2Ea:%40?x=%61" });
    expect(JSON.parse(seen.body)).toMatchObject({ path: "/seen/a.a:%40" });
    await expectAnswer("front", "/vault/seen/%61dmin", "denied");
    // Who carries no policy gets every byte.
    const byteForByte = await mesh.ask({ caller: "front", path: "/flaky/seen/%61%2f;x//y" });
    expect(JSON.parse(byteForByte.body)).toMatchObject({ path: "/seen/%61%2f;x//y" });
  });

  it("denies by default where the mesh says so, save who is allowed", async () => {
    await apply(meshOf({ defaults: { authorization: { defaultAction: "deny" } } }));
    // The gateway is a caller like any other.
    const shut = await mesh.ask({ caller: "front", path: "/flaky/" });
    expect(shut).toMatchObject({ status: 403 });
    expect(JSON.parse(shut.body)).toMatchObject({ reason: "default_deny" });
    await apply(
      policyOf("gateway", {
        targetRefs: ["front", "other"].map((name) => ({ kind: "Service", name })),
        rules: [{ from: [{ principals: ["heddle/gateway"] }] }],
      }),
    );
    await expectAnswer("front", "/flaky/", "default_deny");
    await expectAnswer("front", "/vault/seen/x", null);
    await apply(meshOf());
    await expectAnswer("front", "/flaky/", null);
  });

  it("holds at a Gateway for requests from outside", async () => {
    await apply(
      policyOf("vault-only", {}),
      policyOf("entry-shut", {
        targetRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "entry" }],
        action: "DENY",
        rules: [{ to: [{ hosts: ["front.test"], paths: ["/secret", "/secret/*"] }] }],
      }),
    );
    await expectAnswer("front", "/secret/x", "denied");
    await expectAnswer("front", "/%73ecret", "denied");
    await expectAnswer("front", "/echo//secret", "ambiguous_path");
    await expectAnswer("front", "/echo/", null);
    await expectAnswer("other", "/secret", null, { expected: 400 });
    for (const host of ["FRONT.TEST", "front.test:80", "Front.test."]) {
      const { status } = await mesh.ask({ path: "/secret", headers: { Host: host } });
      expect([400, 403, 404], host).toContain(status);
    }
    await apply(policyOf("vault-only", { rules: [{ to: [{ paths: ["/seen/*"] }] }] }));
  });

  it("tells in the log what shadow policies would do, and which policy refused", async () => {
    const shadow = { action: "DENY", mode: "shadow", rules: [{ to: [{ methods: ["DELETE"] }] }] };
    await apply(policyOf("vault-soon", shadow));
    const from = mesh.said.length;
    await expectAnswer("front", "/vault/seen/x", null, { method: "DELETE" });
    await expectAnswer("front", "/vault/seen/admin", "denied");
    const lines = (): string => mesh.said.slice(from).join("\n");
    await vi.waitFor(() => expect(lines()).toContain("shadow: denied by default/vault-soon"));
    await vi.waitFor(() => expect(lines()).toContain("by default/vault-shut"));
  });
});

describe("strict calls", { timeout: 60_000 }, () => {
  it("run once world-wide, and not at all while nobody can say so", async () => {
    await apply(
      serviceOf("vault", { identity: { level: "strict" } }),
      policyOf("vault-shut", { action: "DENY", rules: [{ to: [{ paths: ["/seen/admin"] }] }] }),
    );
    const before = (await mesh.counters())["default/vault"]?.objectCalls ?? 0;
    await expectAnswer("front", "/vault/seen/x", null, { method: "POST" });
    expect((await mesh.counters())["default/vault"]?.objectCalls ?? 0).toBeGreaterThan(before);
    await mesh.fault("objects:ReplayGuard", "down");
    await expectAnswer("front", "/vault/seen/x", "no_guard", { method: "POST" });
    // Who may not costs no object a question.
    await expectAnswer("front", "/vault/seen/admin", "denied", { method: "POST" });
    await expectAnswer("front", "/flaky/", null);
    await mesh.fault("objects:ReplayGuard", "ok");
    await expectAnswer("front", "/vault/seen/x", null, { method: "POST" });
  });
});
