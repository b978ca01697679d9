// Answers of a destination at `request`: unsigned, foreign or changed ones are not delivered.
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCloth, workloadOf, type Cloth, type ClothWorker } from "./cloth.ts";
import { newestDate } from "./differences.ts";
import { bound, counter, runsOf, victim } from "./victims.ts";

const SECRET = "the answer's body";

/** Calls one of its bindings and says what the application got. */
const CALLER = `
export default {
  async fetch(request, env) {
    const [, binding, path = "path", method = "POST"] = new URL(request.url).pathname.split("/");
    const body = method === "POST" ? { body: "b" } : {};
    const response = await env[binding].fetch("http://proud.example/" + path, { method, ...body });
    const digest = response.headers.get("heddle-answer")?.split("~")[1];
    return Response.json({ status: response.status, digest, isNull: response.body === null, text: await response.text() });
  },
};`;

/** Answers as its path says. */
const WHOLE = `
const ANSWERS = {
  path: () => new Response("as it is"),
  empty: () => new Response(null, { status: 204 }),
  long: () => new Response("x".repeat(65537)),
  most: () => new Response("x".repeat(65536)),
  events: () => new Response("data: 1", { headers: { "content-type": "text/event-stream" } }),
  packed: () => new Response("packed", { headers: { "content-encoding": "gzip" } }),
  pieces: () => {
    const { readable, writable } = new TransformStream();
    const writer = writable.getWriter();
    void (async () => { for (const piece of ["one ", "two"]) await writer.write(new TextEncoder().encode(piece)); await writer.close(); })();
    return new Response(readable, { headers: { "content-type": "text/x-pieces" } });
  },
};
export default { fetch: (request) => ANSWERS[new URL(request.url).pathname.slice(1)]() };`;

/** Stands where the destination should, and may hand on to the real one with the caller's own binding to it. */
const impostor = (name: string, answer: string, to = "proud"): ClothWorker => ({
  name,
  isPlain: true,
  exports: ["default"],
  bindings: { REAL: bound(to, workloadOf("caller")) },
  source: `
let kept;
export default {
  async fetch(request, env) {
    const real = () => env.REAL.fetch(request);
    const body = ${JSON.stringify(SECRET)};
    ${answer}
  },
};`,
});

const IMPOSTORS: Readonly<Record<string, string>> = {
  honest: "return real();",
  unsigned: "return new Response(body);",
  nonsense: `return new Response(body, { headers: { "heddle-answer": "nonsense" } });`,
  forged: `return new Response(body, { headers: { "heddle-answer": "1~-~" + "A".repeat(43) } });`,
  stripped: `const made = new Response((await real()).body); return made;`,
  status: `const got = await real(); return new Response(got.body, { status: 203, headers: got.headers });`,
  type: `const got = await real(); const made = new Response(got.body, got); made.headers.set("content-type", "text/html"); return made;`,
  flipped: `const got = await real(); const made = new Response(got.body, got);
    const sign = got.headers.get("heddle-answer");
    made.headers.set("heddle-answer", sign.slice(0, -1) + (sign.endsWith("A") ? "B" : "A")); return made;`,
  digest: `const got = await real(); const made = new Response(got.body, got);
    made.headers.set("heddle-answer", got.headers.get("heddle-answer").replace("~-~", "~" + "A".repeat(43) + "~")); return made;`,
  older: `const got = await real(); const sign = got.headers.get("heddle-answer"); const made = new Response(got.body, got);
    if (kept !== undefined) made.headers.set("heddle-answer", kept); kept = sign; return made;`,
  refusal: `return new Response(body, { status: 403, headers: { "heddle-reason": "denied" } });`,
  redirect: `return new Response(body, { status: 302, headers: { location: "http://elsewhere.example/" } });`,
};

/** Between the caller and one whose answers are proved with their bodies. */
const SWAPPED = `const got = await real(); return new Response(body, got);`;

let cloth: Cloth;
const dir = mkdtempSync(path.join(tmpdir(), "answers-"));
const names = Object.keys(IMPOSTORS);

beforeAll(async () => {
  cloth = await startCloth({
    compatibilityDate: newestDate(),
    isWoven: true,
    levels: { proud: "request", whole: "request" },
    rewrite: (json) => ("levels" in json ? { ...json, bodied: [workloadOf("whole")] } : json),
    dir,
    workers: [
      {
        name: "caller",
        source: CALLER,
        exports: ["default"],
        dials: {
          proud: { to: "proud" },
          whole: { to: "whole" },
          swapped: { to: "whole" },
          ...Object.fromEntries(names.map((name) => [name, { to: "proud" }])),
        },
        // Whoever put the bindings put an impostor's in place of the destination's.
        bindings: Object.fromEntries(
          ["swapped", ...names].map((name, at) => [
            `HEDDLE_TO_${at + 2}`,
            bound(name, workloadOf("caller")),
          ]),
        ),
      },
      victim("proud"),
      { name: "whole", source: WHOLE, exports: ["default"] },
      impostor("swapped", SWAPPED, "whole"),
      counter,
      ...names.map((name) => impostor(name, IMPOSTORS[name] ?? "")),
    ],
  });
}, 60_000);
afterAll(async () => {
  await cloth.close();
  rmSync(dir, { recursive: true, force: true });
});

interface Told {
  readonly status: number;
  readonly text: string;
  readonly digest?: string;
  readonly isNull: boolean;
}

const ask = async (asked: string): Promise<Told> =>
  (await (await cloth.fetch("caller", `http://caller.example/${asked}`)).json()) as Told;

test("an answer of the destination itself is delivered, handed on or not", async () => {
  for (const binding of ["proud", "honest"]) {
    const { status, text } = await ask(binding);
    expect(status, text).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ path: "/path", body: "b" });
  }
});

test.each(names.filter((name) => !["honest", "older", "refusal"].includes(name)))(
  "one that is not is refused: %s",
  async (binding) => {
    const { status, text } = await ask(binding);
    expect(JSON.parse(text)).toMatchObject({ reason: "bad_answer" });
    expect(status).toBe(502);
    expect(text).not.toContain(SECRET);
  },
);

test("of a refusal, which nobody signs, only the reason is taken over", async () => {
  const { status, text } = await ask("refusal");
  expect(status).toBe(403);
  expect(JSON.parse(text)).toMatchObject({ reason: "denied" });
  expect(text).not.toContain(SECRET);
});

test("the proof of an earlier answer is refused", async () => {
  expect(await ask("older")).toMatchObject({ status: 200 });
  const { text } = await ask("older");
  expect(JSON.parse(text)).toMatchObject({ reason: "bad_answer" });
});

test("what refuses an answer does not send the request again", async () => {
  const before = await runsOf(cloth);
  await ask("flipped");
  expect(await runsOf(cloth)).toBe(before + 1);
});

const digestOf = (text: string): string => createHash("sha256").update(text).digest("base64url");

test.each<[path: string, status: number, text: string, isCovered: boolean]>([
  ["path", 200, "as it is", true],
  ["pieces", 200, "one two", true],
  ["empty/GET", 204, "", true],
  ["most", 200, "x".repeat(65_536), true],
  ["long", 200, "x".repeat(65_537), false],
  ["events", 200, "data: 1", false],
  ["packed", 200, "packed", false],
  ["path/HEAD", 200, "", false],
])(
  "where it is asked for, the proof covers the body too: %s",
  async (path, status, text, isCovered) => {
    const told = await ask(`whole/${path}`);
    expect(told).toMatchObject({ status, text, digest: isCovered ? digestOf(text) : "-" });
    expect(told.isNull).toBe(status === 204 || path === "path/HEAD");
  },
);

test("an answer with another body is refused there, where nothing else differs", async () => {
  const { status, text } = await ask("swapped");
  expect(JSON.parse(text)).toMatchObject({ reason: "bad_answer" });
  expect(status).toBe(502);
  expect(text).not.toContain(SECRET);
});
