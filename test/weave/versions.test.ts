// Builds of different versions under one table: each calls every other, by fetch and by RPC, proved and checked.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { IdentityLevel } from "../../mesh/contract/identity.ts";
import { startCloth, type Cloth, type ClothWorker, type DataPlane } from "./cloth.ts";
import { newestDate } from "./differences.ts";
import { laterBuild, laterFrame, laterJson } from "./later-build.ts";

const RELEASED = path.resolve(import.meta.dirname, "../fixtures/released");
const released = readdirSync(RELEASED).filter((name) => /\d\.js$/.test(name));

const readReleased = (name: string): string => readFileSync(path.join(RELEASED, name), "utf8");

/** A release is two files: `heddle-VERSION.js` and `heddle-VERSION-late.js`. */
const releasedBuild = (name: string): DataPlane => ({
  text: readReleased(name),
  late: readReleased(name.replace(".js", "-late.js")),
});

/** Calls and is called in every way; says what the call came with. */
const SOURCE = `
import { RpcTarget, WorkerEntrypoint } from "cloudflare:workers";
class Session extends RpcTarget {
  inc(by) { return by + 1; }
}
export class Api extends WorkerEntrypoint {
  echo(...values) { return values; }
  get version() { return "a getter"; }
  session() { return new Session(); }
  fail() { throw new RangeError("as asked"); }
}
export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/go")
      return Response.json({ envelope: request.headers.get("heddle"), body: await request.text() });
    const to = searchParams.get("to");
    const response = await env[to].fetch("http://callee.example/x?y", { method: "POST", body: "sent" });
    const api = env[to + "_API"];
    return Response.json({
      status: response.status,
      answer: response.headers.get("heddle-answer"),
      ...(await response.json()),
      rpc: [
        await api.echo("a", { b: 1 }),
        await api.version,
        await api.session().inc(1),
        await api.fail().catch((error) => error.name),
      ],
    });
  },
};`;
const DRIVER = `export default {
  fetch: (request, env) => {
    const url = new URL(request.url);
    return env[url.searchParams.get("from")].fetch(request.url);
  },
};`;

/** Stands for control and the objects' Worker of the later build. */
const CONTROL = `
import { WorkerEntrypoint } from "cloudflare:workers";
const heard = [];
const hear = (env, message) => env.HEARD.fetch("http://heard.example/", { method: "POST", body: JSON.stringify(message) });
export class Workload extends WorkerEntrypoint {
  async join(request) {
    await hear(this.env, { join: request });
    return { format: 2, nowMs: Date.now(), workload: "", keys: { audience: [], pairs: {}, newer: 1 },
      revocations: [{ kind: "subject", value: "default/nobody", atMs: 1, newer: 1 }, { kind: "newer", value: "x", atMs: 1 }],
      table: request.have === 2 ? null : Uint8Array.from(atob(this.env.NEXT_TABLE), (char) => char.charCodeAt(0)),
      version: 2, admitRatio: 1, newer: { deep: 1 } };
  }
}
export class Pulse extends WorkerEntrypoint {
  async report(report) {
    await hear(this.env, { pulse: report });
    return { format: 2, acknowledged: report.sequence, newest: 2, revocations: [], nextMs: 1000, newer: [1] };
  }
}
export default { fetch: () => new Response() };`;
const HEARD = `
const heard = [];
export default {
  async fetch(request) {
    if (request.method === "POST") heard.push(await request.json());
    return Response.json(heard);
  },
};`;

const LEVELS: readonly IdentityLevel[] = ["capability", "session", "request"];

interface Call {
  readonly status: number;
  readonly answer: string | null;
  readonly envelope: string;
  readonly body: string;
  readonly rpc: readonly unknown[];
}

/** Two builds, each at every level; a driver of today asks them. */
async function startBoth(
  older: DataPlane | undefined,
  newer: DataPlane,
  dir: string,
): Promise<Cloth> {
  const names = ["older", "newer"].flatMap((build) => LEVELS.map((level) => `${build}-${level}`));
  const binding = (name: string): string => name.replace("-", "_").toUpperCase();
  const worker = (name: string): ClothWorker => ({
    name,
    source: SOURCE,
    exports: ["default", "Api"],
    ...(name.startsWith("newer") ? { dataPlane: newer } : {}),
    // What keys a build wraps, those of the other unwrap.
    ...(name.startsWith("older") ? { rewriteSeed: laterJson } : {}),
    ...(name.startsWith("older") && older !== undefined ? { dataPlane: older } : {}),
    dials: Object.fromEntries(
      names.flatMap((other) => [
        [binding(other), { to: other }],
        [`${binding(other)}_API`, { to: `${other}#Api` }],
      ]),
    ),
    bindings: {
      HEDDLE: { type: "worker", worker: "control", entrypoint: "Workload" },
      HEDDLE_PULSE: { type: "worker", worker: "control", entrypoint: "Pulse" },
    },
  });
  return startCloth({
    compatibilityDate: newestDate(),
    isWoven: true,
    dir,
    levels: Object.fromEntries(names.map((name) => [name, name.split("-")[1] as IdentityLevel])),
    rewrite: laterJson,
    rewriteFrame: laterFrame,
    next: laterJson,
    workers: [
      {
        name: "driver",
        source: DRIVER,
        exports: ["default"],
        dials: Object.fromEntries(names.map((name) => [binding(name), { to: name }])),
      },
      ...names.map(worker),
      {
        name: "control",
        source: CONTROL,
        exports: ["default", "Workload", "Pulse"],
        isPlain: true,
        bindings: { HEARD: { type: "worker", worker: "heard" } },
      },
      { name: "heard", source: HEARD, exports: ["default"], isPlain: true, isExposed: true },
    ],
  });
}

describe.each([
  { name: "the build of today", older: undefined },
  ...released.map((name) => ({ name, older: releasedBuild(name) })),
])("$name and a later one", ({ older }) => {
  let cloth: Cloth;
  const dir = mkdtempSync(path.join(tmpdir(), "versions-"));
  beforeAll(async () => {
    cloth = await startBoth(older, await laterBuild(), dir);
  }, 60_000);
  afterAll(async () => {
    await cloth.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const pairs = LEVELS.flatMap((level) => [
    { from: "older-session", to: `newer-${level}`, format: 1, answers: 2 },
    { from: "newer-session", to: `older-${level}`, format: 2, answers: 1 },
    { from: "newer-session", to: `newer-${level}`, format: 2, answers: 2 },
  ]);
  test.each(pairs)("$from calls $to", async ({ from, to, format, answers }) => {
    const [caller, callee] = [from, to].map((name) => name.replace("-", "_").toUpperCase());
    const url = `http://driver.example/go?from=${caller}&to=${callee}`;
    const response = await cloth.fetch("driver", url);
    const call = (await response.json()) as Call;
    expect(call).toMatchObject({ status: 200, body: "sent" });
    expect(call.rpc).toEqual([["a", { b: 1 }], "a getter", 2, "RangeError"]);
    const [context = "", proof = ""] = call.envelope.split("|");
    for (const part of [context, proof]) {
      expect(part.startsWith(`${format}~`)).toBe(true);
      expect(part.endsWith("~newer")).toBe(format === 2);
    }
    if (to.endsWith("request")) expect(call.answer?.startsWith(`${answers}~`)).toBe(true);
  });

  test("both join and report, each in its own format, and take what a later control says", async () => {
    const response = await cloth.fetch("heard", "http://heard.example/");
    const heard = (await response.json()) as readonly Record<
      string,
      { format: number; version?: number }
    >[];
    for (const kind of ["join", "pulse"]) {
      const formats = heard.flatMap(({ [kind]: said }) =>
        said !== undefined && (kind === "join" || said.version === 2) ? said.format : [],
      );
      expect(new Set(formats)).toEqual(new Set([1, 2]));
    }
  });
});

test("a released build plays the old one", () => {
  expect(released).not.toEqual([]);
});
