// Control's tokens by role, the audit trail, and keys in a running mesh: rotation refuses no call, revocation stops them.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../../cli/program.ts";
import { SYSTEM } from "../../cli/weave/system.ts";
import { type Mesh, startProject, steady } from "./mesh.ts";
import { serviceOf } from "./project.ts";

const ROUNDS = process.env["HEDDLE_LONG"] ? 20 : 2;
/** Fewer beside other tests, which would wait for them. */
const PER_SECOND = process.env["HEDDLE_LONG"] ? 200 : 40;
/** Of these keys there is one a time, whoever asks. */
const EPOCH_MS = 1500;
const EPOCHS = process.env["HEDDLE_LONG"] ? 20 : 2;

let mesh: Mesh;
beforeAll(async () => {
  const workers = ["front", "other", "idle", "echo-v1", "echo-v2", "flaky", "vault"].map(
    (name) => ({ path: `workers/${name}`, ...(name === "idle" ? { tag: "v7" } : {}) }),
  );
  mesh = await startProject("control-roles", [], { workers }, { epochMs: EPOCH_MS });
}, 60_000);
afterAll(async () => await mesh?.close());

interface Ran {
  readonly code: number;
  readonly data: Record<string, unknown>;
  readonly err: string;
}

/** Runs a command with a token (the mesh's own unless given); answers its JSON. */
async function ran(args: readonly string[], token = mesh.ready.token, stdin = ""): Promise<Ran> {
  let [out, err] = ["", ""];
  const code = await runCli([...args, "-o", "json"], {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    stdin: () => Promise.resolve(stdin),
    env: { HEDDLE_CONTROL: mesh.ready.control, HEDDLE_TOKEN: token },
    cwd: mesh.folder,
    hasColor: false,
    onStop: () => undefined,
  });
  return { code, data: (out === "" ? {} : JSON.parse(out)) as Record<string, unknown>, err };
}

const tokenOf = async (name: string, role: string): Promise<string> =>
  String((await ran(["token", "create", name, "--role", role])).data["token"]);
/** The key that a call was proved with, as its callee saw it. */
const kidIn = (seen: string): string => {
  const { headers } = JSON.parse(seen) as { headers: Record<string, string> };
  return /\|1~[sr]~([^~]+)~/.exec(headers["heddle"] ?? "")?.[1] ?? "none";
};
/** The key-encryption key of the objects. */
const objectsKek = (): string =>
  (
    JSON.parse(readFileSync(path.join(mesh.folder, ".heddle/state/keks.json"), "utf8")) as Record<
      string,
      string
    >
  )[SYSTEM.objects] ?? "";
const statusOf = async (caller: string, target: string): Promise<number> =>
  (await mesh.ask({ caller, path: target })).status;

describe("control tokens", { timeout: 60_000 }, () => {
  const service = JSON.stringify(serviceOf("vault", {}));
  const policy = JSON.stringify({
    apiVersion: "heddle.dev/v1",
    kind: "AuthorizationPolicy",
    metadata: { name: "p" },
    spec: { targetRefs: [{ name: "vault" }], action: "DENY" },
  });

  it("may do what their role says, and leave a trail", async () => {
    const reader = await tokenOf("reader", "read");
    const operator = await tokenOf("operator", "operate");
    expect((await ran(["get", "services"], reader)).code).toBe(0);
    expect((await ran(["apply", "-f", "-"], reader, service)).err).toContain("takes operate");
    expect((await ran(["apply", "-f", "-"], operator, service)).code).toBe(0);
    expect((await ran(["apply", "-f", "-"], operator, policy)).err).toContain("Only role admin");
    expect((await ran(["identity", "revoke", "idle"], operator)).err).toContain("takes admin");
    expect((await ran(["token", "list"], operator)).code).toBe(1);

    const { data } = await ran(["token", "list"]);
    expect(data["tokens"]).toMatchObject([{ name: "operator" }, { name: "reader", by: "root" }]);
    expect(JSON.stringify(data)).not.toContain(reader.slice(4));
    expect((await ran(["token", "create", "reader"])).code).toBe(6);
    expect((await ran(["token", "delete", "reader"])).code).toBe(0);
    expect((await ran(["get", "services"], reader)).code).toBe(1);

    const { entries } = (await ran(["audit"])).data as { entries: readonly object[] };
    expect(entries).toContainEqual(
      expect.objectContaining({ by: "operator", action: "POST /v1/apply", status: 403 }),
    );
    expect(entries).toContainEqual(
      expect.objectContaining({ by: "reader", action: "POST /v1/apply", status: 403 }),
    );
    expect(JSON.stringify(entries)).toContain("Service vault");
  });
});

describe("keys", { timeout: 120_000 }, () => {
  it("rotate while calls run, and none is refused", async () => {
    const before = (await ran(["identity", "list"])).data as { keys: readonly { kid: string }[] };
    const kids = new Set<string>();
    const call = async (): Promise<number> => {
      const { status, body } = await mesh.ask({ caller: "front", path: "/vault/seen" });
      if (status === 200) kids.add(kidIn(body));
      return status;
    };
    const calls = steady(1.05 * PER_SECOND, call);
    const keks = new Set([objectsKek()]);
    for (let round = 0; round < ROUNDS; round++) {
      expect((await ran(["identity", "rotate", "token", "--now"])).code).toBe(0);
      expect((await ran(["identity", "rotate", "seed"])).code).toBe(0);
      expect((await ran(["identity", "rotate", "table"])).data).toEqual({
        purpose: "table",
        kid: `t${round + 2}`,
      });
      // The table of the new key is in use by all who run.
      const applied = await mesh.apply([serviceOf("vault", { ports: [{ port: 80 }] })], "--wait");
      expect(applied).toMatchObject({ code: 0, err: "" });
      // As a deploy of the objects' Worker with another secret: Issuer begins anew, and has sealed all of it anew once it
      // has said which keys there are.
      await mesh.fault("objects:Issuer", "rekey");
      keks.add(objectsKek());
      expect((await ran(["identity", "list"])).code).toBe(0);
    }
    // Beyond the rounds: while tables follow each other, isolates join for them and get keys besides.
    const epochsSeen = () => [...kids].filter((kid) => kid.startsWith("e")).length;
    const isLong = () => epochsSeen() >= EPOCHS && calls.count() >= 2 * EPOCHS * PER_SECOND;
    await expect.poll(isLong, { timeout: 60_000 }).toBe(true);
    const newestSeen = () =>
      Math.max(
        ...[...kids].filter((kid) => kid.startsWith("e")).map((kid) => Number(kid.slice(1))),
      );
    const isUpToDate = () => newestSeen() >= Math.floor(Date.now() / EPOCH_MS) - 1;
    await expect.poll(isUpToDate, { timeout: 20_000 }).toBe(true);
    const { results: statuses, perSecond } = await calls.stop();
    expect(new Set(statuses)).toEqual(new Set([200]));
    if (process.env["HEDDLE_LONG"]) expect(perSecond).toBeGreaterThanOrEqual(PER_SECOND);
    expect(keks.size).toBe(ROUNDS + 1);
    const epochs = [...kids].filter((kid) => kid.startsWith("e"));
    expect(epochs.length).toBeGreaterThanOrEqual(EPOCHS);
    // On a machine of its own, no call is left to the seed for want of an epoch's key.
    if (process.env["HEDDLE_LONG"]) expect(epochs.length).toBe(kids.size);
    console.log(
      `${statuses.length} calls, ${perSecond.toFixed(0)} a second, ${ROUNDS} rotations, ${epochs.length} epochs`,
    );
    // Born with the first key, it follows to the newest.
    await mesh.fault("isolate:default/front", "restart");
    expect(await statusOf("front", "/vault/")).toBe(200);
    const after = (await ran(["identity", "list"])).data as { keys: readonly { kid: string }[] };
    expect(after.keys.length).toBeGreaterThanOrEqual(before.keys.length + ROUNDS * 3);
    const bundle = await fetch(`${mesh.ready.control}/.well-known/spiffe/bundle.json`);
    const { keys, ...rest } = (await bundle.json()) as { keys: readonly object[] };
    expect(keys[0]).toMatchObject({ kty: "EC", crv: "P-256", use: "wit-svid", alg: "ES256" });
    expect(keys[0]).not.toHaveProperty("d");
    expect(rest).toMatchObject({ spiffe_refresh_hint: 300 });
  });

  it("of deploy seeds rotate while calls are proved by them, and none is refused", async () => {
    const kids: string[] = [];
    const calls = steady(1.05 * PER_SECOND, async () => {
      const { status, body } = await mesh.ask({ caller: "front", path: "/vault/seen" });
      if (status === 200) kids.push(kidIn(body));
      return status;
    });
    const bySeed = () => kids.filter((kid) => kid.startsWith("s")).length;
    const rotated = new Set<unknown>();
    for (let round = 0; round < ROUNDS; round++) {
      rotated.add((await ran(["identity", "rotate", "seed"])).data["kid"]);
      const before = bySeed();
      // Born while nobody gives it keys, the caller has those of its deploy.
      await mesh.fault("control", "down");
      await mesh.fault("isolate:default/front", "restart");
      await expect.poll(bySeed, { timeout: 10_000 }).toBeGreaterThan(before + 10);
      await mesh.fault("control", "ok");
    }
    const { results, perSecond } = await calls.stop();
    expect(new Set(results)).toEqual(new Set([200]));
    if (process.env["HEDDLE_LONG"]) expect(perSecond).toBeGreaterThanOrEqual(PER_SECOND);
    expect(rotated.size).toBe(ROUNDS);
    console.log(`${results.length} calls, ${bySeed()} of them by a seed, ${ROUNDS} rotations`);
  });

  it("a binding is revoked for its two ends only", async () => {
    for (const path of ["/vault/", "/flaky/"]) expect(await statusOf("front", path)).toBe(200);
    expect((await ran(["identity", "revoke", "front", "--to", "vault"])).code).toBe(0);
    const endMs = performance.now() + 5000;
    while ((await statusOf("front", "/vault/")) === 200 && performance.now() < endMs)
      await sleep(50);
    expect(await statusOf("front", "/vault/")).toBe(401);
    expect(await statusOf("front", "/flaky/")).toBe(200);
    expect(await statusOf("other", "/vault/")).toBe(200);
    expect((await ran(["identity", "inspect", "front"])).data).toMatchObject({
      id: "spiffe://e2e.example/ns/default/sa/front",
      revoked: false,
    });
  });

  it("a version is revoked alone, and the next one is let in", async () => {
    expect((await ran(["identity", "revoke", "idle", "--tag", "v6"])).code).toBe(0);
    expect((await ran(["identity", "revoke", "idle", "--tag", "v7"])).data).toMatchObject({
      revocations: expect.arrayContaining([
        expect.objectContaining({ kind: "version", value: "default/idle@v7" }),
      ]) as unknown,
    });
    const beganMs = performance.now();
    // Each callee hears of it with a pulse of its own.
    for (const target of ["/vault/", "/echo/", "/flaky/", "/rpc/vault-methods/who?arg="])
      while ((await statusOf("idle", target)) === 200)
        expect(performance.now() - beganMs).toBeLessThan(4000);
    const refused = await mesh.ask({ caller: "idle", path: "/vault/" });
    expect(JSON.parse(refused.body)).toMatchObject({ reason: "revoked", status: 401 });
    for (const path of ["/echo/", "/flaky/"]) expect(await statusOf("idle", path)).toBe(401);
    expect(await statusOf("idle", "/rpc/vault-methods/who?arg=")).toBe(500);
    expect(await statusOf("other", "/vault/")).toBe(200);

    const file = path.join(mesh.folder, "mesh.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("tag: v7", "tag: v8"));
    // Weaving anew, dev starts its Workers anew: until they run, there is nobody to answer.
    const now = async (): Promise<number> => statusOf("idle", "/vault/").catch(() => 0);
    while ((await now()) !== 200 && performance.now() < beganMs + 20_000) await sleep(100);
    expect(await statusOf("idle", "/vault/")).toBe(200);
  });
});
