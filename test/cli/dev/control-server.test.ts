// The control URL of a dev mesh: /dev/* by this process, the rest by control, as far as faults let it.
import { afterEach, expect, test } from "vitest";
import { openControlServer, type ControlServer } from "../../../cli/dev/control-server.ts";
import type { Effect } from "../../../cli/dev/fault-board.ts";
import { startFakeControl, type FakeControl } from "../fake-control.ts";

let upstream: FakeControl;
let server: ControlServer;
let effect: Effect = { kind: "none" };
let afterChange = (): Promise<void> => Promise.resolve();
const steps: string[] = [];

async function open(): Promise<void> {
  upstream = await startFakeControl(({ path }) => {
    steps.push("control");
    return path === "/v1/bad" ? { status: 422, body: {} } : { body: { path } };
  });
  server = await openControlServer({
    port: 0,
    token: "t",
    upstream: () => new URL(upstream.url),
    effect: () => effect,
    answerDev: (route, body) =>
      route === "POST /dev/x" ? Promise.resolve({ ok: true, body: { body } }) : undefined,
    onChange: async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      steps.push("change");
      await afterChange();
    },
  });
}
afterEach(async () => {
  effect = { kind: "none" };
  afterChange = () => Promise.resolve();
  steps.length = 0;
  await server.close();
  await upstream.close();
});

const auth = { authorization: "Bearer t" };

test("passes requests on, and answers a change only once what follows from it is done", async () => {
  await open();
  const read = await fetch(`${server.url}/v1/things?x=1`, { headers: auth });
  expect(await read.json()).toEqual({ path: "/v1/things?x=1" });
  await fetch(`${server.url}/v1/apply`, { method: "POST", headers: auth }).then((it) => it.text());
  await fetch(`${server.url}/v1/bad`, { method: "POST", headers: auth }).then((it) => it.text());
  expect(steps).toEqual(["control", "control", "change", "control"]);
  expect(upstream.asked[0]?.authorization).toBe("Bearer t");
});

test("a change's answer outlives the control that gave it", async () => {
  await open();
  afterChange = async () => await upstream.close();
  const applied = await fetch(`${server.url}/v1/apply`, { method: "POST", headers: auth });
  expect(await applied.json()).toEqual({ path: "/v1/apply" });
  await openAgain();
  afterChange = () => Promise.reject(new Error("a Worker does not build"));
  const halfway = await fetch(`${server.url}/v1/apply`, { method: "POST", headers: auth });
  expect(halfway.status).toBe(500);
  expect(await halfway.json()).toMatchObject({
    detail: "control took the change, but the mesh could not follow it: a Worker does not build",
  });
});

async function openAgain(): Promise<void> {
  await server.close();
  await open();
}

test("answers /dev/* itself, with the token only, also while control is down", async () => {
  await open();
  effect = { kind: "throw" };
  expect((await fetch(`${server.url}/v1/version`)).status).toBe(503);
  const denied = await fetch(`${server.url}/dev/x`, { method: "POST" });
  expect(denied.status).toBe(401);
  const given = { method: "POST", headers: auth, body: '{"a":1}' };
  expect(await (await fetch(`${server.url}/dev/x`, given)).json()).toEqual({ body: { a: 1 } });
  expect((await fetch(`${server.url}/dev/y`, { headers: auth })).status).toBe(404);
  const malformed = await fetch(`${server.url}/dev/x`, { ...given, body: "{" });
  expect(malformed.status).toBe(400);
  expect(await malformed.json()).toMatchObject({
    status: 400,
    detail: expect.stringMatching(/JSON/),
  });
  expect(steps).toEqual([]);
});

test("a port that is taken is told", async () => {
  await open();
  const port = Number(new URL(server.url).port);
  const options = {
    port,
    token: "t",
    upstream: () => undefined,
    effect: () => effect,
    answerDev: () => undefined,
    onChange: () => Promise.resolve(),
  };
  await expect(openControlServer(options)).rejects.toMatchObject({ code: "EADDRINUSE" });
});
