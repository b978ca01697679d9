// Queues that carry the context: the consumer's calls have the sender's cohort and trace, and what both see of messages is
// what they see of a bare queue.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as esbuild from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { unpackContext } from "../../mesh/pipeline/context.ts";
import { startCloth, type Cloth, type ClothWorker } from "./cloth.ts";
import { newestDate } from "./differences.ts";

/** Calls the sink itself, then sends what the path names. */
const FRONT = `
let bytes;
const bodies = () => (bytes = new Uint8Array([0, 1, 254, 255]), {
  object: [{ a: [1, "two", null], undef: undefined, heddle: "own", body: 1 }],
  text: ["heddle own\\nkörper", { contentType: "text" }],
  buffer: [bytes.buffer, { contentType: "bytes" }],
  view: [bytes.subarray(1, 3), { contentType: "bytes" }],
  cloned: [{ when: new Date(0), map: new Map([[1, new Set([2])]]), bytes }, { contentType: "v8" }],
  json: [{ when: new Date(0), toJSON: () => ({ said: "by itself" }) }, { contentType: "json" }],
  number: [7], none: [null], string: ["plain"], list: [[1, 2]], empty: ["", { contentType: "text" }],
  delayed: ["later", { delaySeconds: 0 }],
  function: [() => 1], text_of_object: [{}, { contentType: "text" }], bytes_of_text: ["x", { contentType: "bytes" }],
  unknown: ["x", { contentType: "other" }],
});
const attempt = async (run) => {
  try { return { value: typeof await run(), left: bytes.length }; } catch ({ name, message }) { return { name, message }; }
};
export default {
  async fetch(request, env) {
    const [, what, name] = new URL(request.url).pathname.split("/");
    if (what === "object") return Response.json(await attempt(() => env.ONE.send(...bodies()[name])));
    if (what === "looks")
      return Response.json([
        typeof env.MANY.send, env.MANY.send.length, Object.prototype.toString.call(env.MANY), "send" in env.MANY,
        Object.keys(env.MANY), await attempt(() => { const { send } = env.MANY; return send("x"); }),
        await attempt(() => env.MANY.sendBatch(7)), await attempt(() => env.MANY.sendBatch([7])),
      ]);
    const own = await (await env.SINK.fetch("http://sink/front")).text();
    const to = what === "many" ? "MANY" : "ONE";
    if (name === "batch") {
      const messages = function* () { for (const body of ["x", "y"]) yield { body, contentType: "text" }; };
      await env[to].sendBatch(messages());
    } else await env[to].send(name, { contentType: "text" });
    return new Response(own);
  },
};`;

/** Tells what it sees of each message, and calls the sink for each. */
const SEE = `
const see = (value) =>
  value instanceof Date ? ["date", value.toISOString()]
  : value instanceof ArrayBuffer ? ["buffer", ...new Uint8Array(value)]
  : ArrayBuffer.isView(value) ? [value.constructor.name, ...value]
  : value instanceof Map || value instanceof Set ? [value.constructor.name, ...[...value].map(see)]
  : Array.isArray(value) ? ["array", ...value.map(see)]
  : typeof value === "object" && value !== null ? [Object.getPrototypeOf(value)?.constructor.name, Object.entries(value).map(([key, one]) => [key, see(one)])]
  : [typeof value, value];
const seen = (batch, message) => ({
  queue: batch.queue, size: batch.messages.length, body: see(message.body), again: see(message.body),
  attempts: message.attempts, id: typeof message.id, at: message.timestamp instanceof Date,
  keys: Object.keys(message).toSorted(), tag: Object.prototype.toString.call(message), isSame: batch.messages[0] === batch.messages[0],
});
const tell = (env, what) => env.SEEN.fetch("http://seen/", { method: "POST", body: JSON.stringify(what) });
`;
const ONE = `${SEE}
export default {
  async queue(batch, env) {
    const [message] = batch.messages;
    const called = env.SINK ? await (await env.SINK.fetch("http://sink/one")).text() : null;
    await tell(env, { called, ...seen(batch, message) });
    if (message.body === "again" && message.attempts < 2) message.retry(); else message.ack();
  },
};`;
const MANY = `${SEE}
import { WorkerEntrypoint } from "cloudflare:workers";
import { withMessage } from "heddle/queue";
export default class extends WorkerEntrypoint {
  async queue(batch) {
    const ask = async () => (await this.env.SINK.fetch("http://sink/many")).text();
    const whole = await ask();
    for (const message of batch.messages)
      await tell(this.env, { whole, called: await withMessage(message, ask), ...seen(batch, message) });
    batch.ackAll();
  }
}`;
const SINK = `export default { fetch: (request) => new Response(request.headers.get("heddle")) };`;
const SEEN = `let seen = [];
export default { async fetch(request) {
  if (request.method === "POST") seen.push(await request.json());
  const answer = Response.json(seen);
  if (request.method === "DELETE") seen = [];
  return answer;
} };`;

interface Seen {
  readonly called: string;
  readonly whole: string;
  readonly body: readonly unknown[];
  readonly size: number;
  readonly attempts: number;
}

/** The application's own copy of \`heddle/queue\`, as its build makes it. */
async function built(contents: string): Promise<string> {
  const alias = { "heddle/queue": path.join(import.meta.dirname, "../../mesh/queue.ts") };
  const { outputFiles } = await esbuild.build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    format: "esm",
    external: ["cloudflare:*"],
    write: false,
    alias,
  });
  return outputFiles[0]?.text ?? "";
}

const dial = { SINK: { to: "sink" } };
const seenBy = { SEEN: { type: "worker", worker: "seen" } } as const;
const consumer = (name: string, source: string, options: object): ClothWorker => ({
  name,
  source,
  exports: ["default"],
  dials: dial,
  bindings: seenBy,
  options: { queueConsumers: { [`to-${name}`]: options } },
  wiring: { queues: [] },
});

async function start(compatibilityDate: string, isWoven: boolean): Promise<[Cloth, string]> {
  const dir = mkdtempSync(path.join(tmpdir(), "queues-"));
  const cloth = await startCloth({
    compatibilityDate,
    isWoven,
    dir,
    workers: [
      {
        name: "front",
        source: FRONT,
        exports: ["default"],
        dials: dial,
        options: { queueProducers: { ONE: "to-one", MANY: "to-many" } },
        wiring: { queues: ["ONE", "MANY"] },
      },
      consumer("one", ONE, { maxBatchSize: 1, maxBatchTimeout: 0 }),
      consumer("many", await built(MANY), { maxBatchSize: 3, maxBatchTimeout: 60 }),
      { name: "sink", source: SINK, exports: ["default"] },
      { name: "seen", source: SEEN, exports: ["default"], isPlain: true, isExposed: true },
    ],
  });
  return [cloth, dir];
}

const ask = async (cloth: Cloth, at: string, cohort = ""): Promise<string> => {
  const headers = cohort === "" ? {} : { cookie: `heddle-cohort=${cohort}` };
  return (await cloth.fetch("front", `http://front.example/${at}`, { headers })).text();
};

/** What the consumers told, once they have told so much. */
async function told(cloth: Cloth, count: number): Promise<readonly Seen[]> {
  const read = async (method: string): Promise<readonly Seen[]> =>
    (await (await cloth.fetch("seen", "http://seen/", { method })).json()) as Seen[];
  await expect.poll(async () => (await read("GET")).length, { timeout: 3000 }).toBe(count);
  return read("DELETE");
}

const contextOf = (envelope: string): readonly [cohort: string, traceId: string] => {
  const { cohort, traceId } = unpackContext(envelope.split("|")[0] ?? "", 0)!;
  return [cohort, traceId];
};

const BODIES =
  "object text buffer view cloned json number none string list empty delayed function text_of_object bytes_of_text unknown";

describe.each(["2024-02-01", newestDate()])("at compatibility date %s", (date) => {
  let [woven, bare]: Cloth[] = [];
  const dirs: string[] = [];
  beforeAll(async () => {
    for (const isWoven of [true, false]) {
      const [cloth, dir] = await start(date, isWoven);
      dirs.push(dir);
      if (isWoven) woven = cloth;
      else bare = cloth;
    }
  }, 60_000);
  afterAll(async () => {
    await woven?.close();
    await bare?.close();
    for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
  });

  test("a message takes cohort and trace along", async () => {
    const own = contextOf(await ask(woven!, "one/x", "known-user"));
    expect(own[0]).toBe("known-user");
    const [seen] = await told(woven!, 1);
    expect(contextOf(seen!.called)).toEqual(own);
    expect(seen!.body).toEqual(["string", "x"]);
  });

  test("again when it is tried again", async () => {
    const own = contextOf(await ask(woven!, "one/again", "known-user"));
    const seen = await told(woven!, 2);
    expect(seen.map(({ attempts }) => attempts)).toEqual([1, 2]);
    for (const { called } of seen) expect(contextOf(called)).toEqual(own);
  });

  test("and where nothing was decided yet, it is decided for both", async () => {
    await ask(woven!, "one/y");
    const [seen] = await told(woven!, 1);
    expect(contextOf(seen!.called)[0]).toMatch(/^[0-9a-f]{16}$/);
  });

  test("in a batch of several senders each has its own", async () => {
    const own = contextOf(await ask(woven!, "many/a", "user-a"));
    const other = contextOf(await ask(woven!, "many/batch", "user-b"));
    const seen = await told(woven!, 3);
    const expected = { a: own, x: other, y: other };
    expect(
      Object.fromEntries(seen.map(({ body, called }) => [body[1], contextOf(called)])),
    ).toEqual(expected);
    for (const { whole, size } of seen) {
      expect(size).toBe(3);
      expect(contextOf(whole)[0]).toBe("");
    }
  });

  test("a batch of one user is that user's", async () => {
    await ask(woven!, "many/a", "user-c");
    await ask(woven!, "many/batch", "user-c");
    for (const { whole } of await told(woven!, 3)) expect(contextOf(whole)[0]).toBe("user-c");
  });

  test.each(BODIES.split(" "))("a body is what it is bare: %s", async (name) => {
    const [ours, theirs] = [
      await ask(woven!, `object/${name}`),
      await ask(bare!, `object/${name}`),
    ];
    expect(ours).toBe(theirs);
    if (!("value" in (JSON.parse(theirs) as object))) return;
    const strip = (seen: Seen): object => ({ ...seen, called: "" });
    expect((await told(woven!, 1)).map(strip)).toEqual((await told(bare!, 1)).map(strip));
  });

  test("and so is the binding", async () => {
    expect(await ask(woven!, "looks")).toBe(await ask(bare!, "looks"));
  });
});
