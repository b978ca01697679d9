// A revoked caller is refused once the isolate has heard of it, by fetch, by RPC, and at what it already holds.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCloth, workloadOf, type Cloth, type ClothWorker } from "./cloth.ts";
import { newestDate } from "./differences.ts";
import { counter, runsOf, victim } from "./victims.ts";

/** Stands for the objects' Worker: answers pulses with the revocations it was told. */
const PULSE = `
import { WorkerEntrypoint } from "cloudflare:workers";
let revocations = [];
export class Pulse extends WorkerEntrypoint {
  report({ sequence, version }) {
    return { format: 1, acknowledged: sequence, newest: version, revocations, nextMs: 1000 };
  }
}
export default {
  async fetch(request) {
    revocations = await request.json();
    return new Response("told");
  },
};`;

const CALLER = `
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/rpc")
      return Response.json(await env.API.echo("value").catch((error) => [error.name, error.reason]));
    if (pathname === "/socket") {
      const { webSocket } = await env.CALM.fetch("http://calm.example/socket", {
        headers: { upgrade: "websocket" },
      });
      const ended = new Promise((resolve) => webSocket.addEventListener("close", resolve));
      const heard = new Promise((resolve) => webSocket.addEventListener("message", resolve));
      webSocket.accept();
      webSocket.send("hello");
      const { data } = await heard;
      await env.PULSE_SAYS.fetch("http://pulse.example/", { method: "POST", body: await request.text() });
      const { code, reason } = await ended;
      return Response.json([data, code, reason]);
    }
    if (pathname !== "/held") return env.CALM.fetch("http://calm.example/");
    using session = await env.API.session();
    await session.inc();
    await env.PULSE_SAYS.fetch("http://pulse.example/", { method: "POST", body: await request.text() });
    for (let turn = 0; turn < 60; turn++) {
      // Only a call of its own makes the callee ask for news.
      await env.API.echo("again").catch(() => undefined);
      try {
        await session.inc();
      } catch (error) {
        return Response.json([error.name, error.message, turn]);
      }
      await pause(50);
    }
    return Response.json("never");
  },
};`;

const caller = (name: string, more: Partial<ClothWorker> = {}): ClothWorker => ({
  name,
  source: CALLER,
  exports: ["default"],
  isExposed: true,
  dials: { CALM: { to: "calm" }, API: { to: "calm#Api" } },
  bindings: { PULSE_SAYS: { type: "worker", worker: "pulse" } },
  wiring: { ownRoutes: true },
  ...more,
});

let cloth: Cloth;
const dir = mkdtempSync(path.join(tmpdir(), "revoked-"));

beforeAll(async () => {
  cloth = await startCloth({
    compatibilityDate: newestDate(),
    isWoven: true,
    dir,
    workers: [
      caller("bad"),
      caller("good"),
      caller("silent"),
      caller("app", { tag: "v1" }),
      caller("app-v2", { versionOf: "app", tag: "v2" }),
      caller("app-v3", { versionOf: "app", tag: "v3" }),
      caller("app-untagged", { versionOf: "app" }),
      victim("calm", {
        bindings: { HEDDLE_PULSE: { type: "worker", worker: "pulse", entrypoint: "Pulse" } },
      }),
      counter,
      {
        name: "pulse",
        source: PULSE,
        exports: ["default", "Pulse"],
        isPlain: true,
        isExposed: true,
      },
    ],
  });
}, 60_000);
afterAll(async () => {
  await cloth.close();
  rmSync(dir, { recursive: true, force: true });
});

const revoke = (...names: readonly string[]): string =>
  JSON.stringify(names.map((name) => ({ kind: "subject", value: workloadOf(name), atMs: 1 })));

test(
  "a revoked caller is refused, in what it holds and in what it asks; others are not",
  { timeout: 20_000 },
  async () => {
    for (const name of ["bad", "good"])
      expect((await cloth.fetch(name, `http://${name}.example/`)).status).toBe(200);

    const held = await cloth.fetch("bad", "http://bad.example/held", {
      method: "POST",
      body: revoke("bad"),
    });
    const [name, message, turn] = (await held.json()) as [string, string, number];
    expect([name, message.split(",")[0]]).toEqual(["HeddleError", "revoked"]);
    expect(turn).toBeGreaterThan(0);

    const before = await runsOf(cloth);
    const byFetch = await cloth.fetch("bad", "http://bad.example/");
    expect(byFetch.status).toBe(401);
    expect(await byFetch.json()).toMatchObject({ reason: "revoked" });
    const byRpc = await cloth.fetch("bad", "http://bad.example/rpc");
    expect(await byRpc.json()).toEqual(["HeddleError", "revoked"]);
    expect(await runsOf(cloth)).toBe(before);

    expect((await cloth.fetch("good", "http://good.example/")).status).toBe(200);
    await cloth.fetch("pulse", "http://pulse.example/", { method: "POST", body: revoke() });
  },
);

test("a silent socket of a revoked caller is closed with 1008", { timeout: 20_000 }, async () => {
  const held = await cloth.fetch("silent", "http://silent.example/socket", {
    method: "POST",
    body: revoke("silent"),
  });
  expect(await held.json()).toEqual(["hello", 1008, "revoked"]);
  await cloth.fetch("pulse", "http://pulse.example/", { method: "POST", body: revoke() });
});

const revokeVersion = (tag: string): string =>
  JSON.stringify([{ kind: "version", value: `${workloadOf("app")}@${tag}`, atMs: 1 }]);

const ask = async (name: string, path = "/", body?: string): Promise<Response> =>
  cloth.fetch(
    name,
    `http://${name}.example${path}`,
    body === undefined ? {} : { method: "POST", body },
  );

test(
  "a revoked version is refused, in what it holds and in what it asks; other versions are not",
  { timeout: 20_000 },
  async () => {
    for (const name of ["app", "app-v2", "app-untagged"])
      expect((await ask(name)).status).toBe(200);
    const held = (await (await ask("app", "/held", revokeVersion("v1"))).json()) as unknown[];
    expect(held.slice(0, 1)).toEqual(["HeddleError"]);
    expect(String(held[1]).split(",")[0]).toBe("revoked");

    const before = await runsOf(cloth);
    // All versions prove the same within a slot: which one calls is in the props of its bindings.
    const byFetch = await ask("app");
    expect(byFetch.status).toBe(401);
    expect(await byFetch.json()).toMatchObject({ reason: "revoked" });
    expect(await (await ask("app", "/rpc")).json()).toEqual(["HeddleError", "revoked"]);
    expect(await runsOf(cloth)).toBe(before);
    for (const name of ["app-v2", "app-v3", "app-untagged"]) {
      expect((await ask(name)).status).toBe(200);
      expect(await (await ask(name, "/rpc")).json()).toBe("value");
    }

    const socket = await ask("app-v3", "/socket", revokeVersion("v3"));
    expect(await socket.json()).toEqual(["hello", 1008, "revoked"]);
    expect((await ask("app-v2")).status).toBe(200);
    await ask("pulse", "/", revoke());
  },
);
