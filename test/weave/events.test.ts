// The platform's own events reach a woven Worker's handlers, of an object and of a class, and nobody else's do.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startCloth, workloadOf, type Cloth, type ClothWorker } from "./cloth.ts";
import { newestDate } from "./differences.ts";
import { attack, attacker } from "./forge.ts";
import { bound, counter, runsOf } from "./victims.ts";

/** Sends to a queue, and writes to its log, which is what a tail needs. */
const FRONT = `export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname !== "/") await env[pathname.slice(1)].send({ from: "front" });
    return new Response("done");
  },
};`;

const ran = `const ran = (env) => env.RUNS.fetch("http://runs.example/", { method: "POST" });`;
const OBJECT = `${ran}
export default {
  own: "object",
  async scheduled({ cron }, env, ctx) {
    if (cron === "* * * * *" && this.own === "object" && typeof ctx.waitUntil === "function") await ran(env);
  },
  async queue(batch, env) { if (batch.messages[0].body.from === "front") await ran(env); },
  async tail([item], env) { if (item.event.request.url.endsWith("/")) await ran(env); },
};`;
const CLASS = `${ran}
import { WorkerEntrypoint } from "cloudflare:workers";
export default class extends WorkerEntrypoint {
  own = "class";
  async scheduled({ cron }) { if (cron === "* * * * *" && this.own === "class") await ran(this.env); }
  async queue(batch) { if (batch.messages[0].body.from === "front") await ran(this.env); }
  async tail([item]) { if (item.event.request.url.endsWith("/")) await ran(this.env); }
};`;

const listener = (name: string, source: string): ClothWorker => ({
  name,
  source,
  exports: ["default"],
  bindings: { RUNS: { type: "worker", worker: "runs" } },
  options: { queueConsumers: { [`to-${name}`]: { maxBatchSize: 1, maxBatchTimeout: 0 } } },
});

describe.each(["2024-09-01", newestDate()])("at compatibility date %s", (compatibilityDate) => {
  let cloth: Cloth;
  const dir = mkdtempSync(path.join(tmpdir(), "events-"));
  beforeAll(async () => {
    cloth = await startCloth({
      compatibilityDate,
      isWoven: true,
      dir,
      workers: [
        {
          name: "front",
          source: FRONT,
          exports: ["default"],
          options: { queueProducers: { object: "to-object", class: "to-class" } },
          tails: ["object", "class"],
        },
        listener("object", OBJECT),
        listener("class", CLASS),
        counter,
        attacker({
          object: bound("object", null),
          class: bound("class", workloadOf("attacker")),
        }),
      ],
    });
  }, 60_000);
  afterAll(async () => {
    await cloth.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const adds = async (count: number, act: () => Promise<unknown>): Promise<void> => {
    const before = await runsOf(cloth);
    await act();
    await expect.poll(() => runsOf(cloth), { timeout: 5000 }).toBe(before + count);
  };

  // First, while no request of the others is traced.
  test("tail events", async () => {
    await adds(2, () => cloth.fetch("front", "http://front.example/"));
  });
  test.each(["object", "class"])("a cron trigger of a handler %s", async (name) => {
    await adds(1, () => cloth.scheduled(name, "* * * * *"));
  });
  test.each(["object", "class"])("a queue's batch to a handler %s", async (name) => {
    await adds(1, () => cloth.fetch("front", `http://front.example/${name}`));
  });
  test.each(["object", "class"])("none by RPC, to a handler %s", async (binding) => {
    const before = await runsOf(cloth);
    const message = { body: { from: "front" } };
    const request = { url: "http://front.example/" };
    const calls = {
      scheduled: { cron: "* * * * *", constructor: { name: "ScheduledController" } },
      queue: { messages: [message], constructor: { name: "QueueController" } },
      tail: [{ event: { request }, constructor: { name: "TraceItem" } }],
    };
    for (const [member, argument] of Object.entries(calls))
      expect((await attack(cloth, { binding, member, args: [argument] })).error).toMatch(
        /^TypeError: The RPC receiver does not implement the method/,
      );
    expect(await runsOf(cloth)).toBe(before);
  });
});
