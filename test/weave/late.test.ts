// The late part in the real runtime: not loaded while no table needs it, loaded before one that does is used, and a table
// whose late part cannot be had is refused.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { bundleDataPlane } from "../../cli/bundle.ts";
import type { Rule, RuleTable } from "../../mesh/contract/rule.ts";
import { startCloth, workloadOf, type Cloth, type ClothWorker, type DataPlane } from "./cloth.ts";
import { newestDate } from "./differences.ts";

/** Answers what its own isolate has loaded, and what a call to the callee came to. */
const CALLER = `export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/given") {
      const told = async (name) => {
        try {
          return await (await env[name].give("x"))();
        } catch ({ message }) {
          return message;
        }
      };
      return Response.json(await Promise.all(["GIVER", "BROKEN_GIVER", "GIVER"].map(told)));
    }
    const response = await env.CALLEE.fetch("http://callee.example" + pathname, { headers: { origin: "http://a.example" } });
    return Response.json({
      loaded: globalThis.lateLoads ?? 0,
      status: response.status,
      origin: response.headers.get("access-control-allow-origin"),
      body: await response.text(),
    });
  },
};`;
const CALLEE = `export default {
  fetch: ({ url }) => url.endsWith("/moved")
    ? new Response(null, { status: 302, headers: { location: "/here" } })
    : new Response(url.slice(21)),
};`;
/** Hands out a function that tells what its isolate has loaded. */
const GIVER = `export default { give: (text) => () => text + (globalThis.lateLoads ?? 0) };`;
const DRIVER = `export default {
  fetch: (request, env) => env[new URL(request.url).searchParams.get("from")].fetch(request.url),
};`;

/** Stands for control and the objects' Worker; told to, it hands out the next table. */
const CONTROL = `
import { WorkerEntrypoint } from "cloudflare:workers";
let version = 1;
const nacks = [];
export class Workload extends WorkerEntrypoint {
  async join({ have }) {
    const table = version > 1 && have < version ? Uint8Array.from(atob(this.env.NEXT_TABLE), (char) => char.charCodeAt(0)) : null;
    return { format: 1, nowMs: Date.now(), workload: "", keys: { audience: [], pairs: {} }, revocations: [], table, version, admitRatio: 1 };
  }
}
export class Pulse extends WorkerEntrypoint {
  async report({ sequence, nack }) {
    if (nack !== null) nacks.push(nack);
    return { format: 1, acknowledged: sequence, newest: version, revocations: [], nextMs: 1000 };
  }
}
export default {
  fetch(request) {
    if (request.method === "POST") version = 2;
    return Response.json(nacks);
  },
};`;

/** A rule that only the late part can keep, for calls to the callee. */
function withCors<T extends object>(json: T): T {
  if ("splits" in json) return { ...json, late: true };
  if (!("service" in json) || json.service !== workloadOf("callee")) return json;
  const rule: Rule = {
    route: "default/route",
    index: 0,
    backends: [{ service: workloadOf("callee"), port: null, weight: 1 }],
    cors: { origins: ["http://a.example"], maxAge: 5 },
  };
  const table: RuleTable = { rules: [rule], exact: {}, prefix: { "": [{ rule: 0 }] }, regex: [] };
  return { ...json, producer: [{ port: null, table }] };
}

interface Said {
  readonly loaded: number;
  readonly status: number;
  readonly origin: string | null;
  readonly body: string;
}

describe("the late part", () => {
  let cloth: Cloth;
  const dir = mkdtempSync(path.join(tmpdir(), "late-"));

  const caller = (name: string, dataPlane: DataPlane): ClothWorker => ({
    name,
    source: CALLER,
    exports: ["default"],
    dataPlane,
    dials: {
      CALLEE: { to: "callee" },
      GIVER: { to: "giver" },
      BROKEN_GIVER: { to: "broken-giver" },
    },
    bindings: {
      HEDDLE: { type: "worker", worker: "control", entrypoint: "Workload" },
      HEDDLE_PULSE: { type: "worker", worker: "control", entrypoint: "Pulse" },
    },
  });
  const ask = async (from: string, at = "/x"): Promise<Said> => {
    const response = await cloth.fetch("driver", `http://driver.example${at}?from=${from}`);
    return (await response.json()) as Said;
  };

  beforeAll(async () => {
    const { text, late } = await bundleDataPlane({ parts: { dev: false } });
    const counted = `globalThis.lateLoads = (globalThis.lateLoads ?? 0) + 1;\n${late}`;
    const broken = "throw new Error('it is not here');";
    const giver = (name: string, lateText: string): ClothWorker => ({
      name,
      source: GIVER,
      exports: ["default"],
      dataPlane: { text, late: lateText },
    });
    cloth = await startCloth({
      compatibilityDate: newestDate(),
      isWoven: true,
      dir,
      next: withCors,
      workers: [
        {
          name: "driver",
          source: DRIVER,
          exports: ["default"],
          dials: Object.fromEntries(["warm", "redirected", "broken"].map((to) => [to, { to }])),
        },
        caller("warm", { text, late: counted }),
        caller("redirected", { text, late: counted }),
        caller("broken", { text, late: broken }),
        giver("giver", counted),
        giver("broken-giver", broken),
        { name: "callee", source: CALLEE, exports: ["default"] },
        {
          name: "control",
          source: CONTROL,
          exports: ["default", "Workload", "Pulse"],
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

  test("is not loaded for a table that does not need it", async () => {
    for (let times = 0; times < 3; times++)
      expect(await ask("warm")).toEqual({ loaded: 0, status: 200, origin: null, body: "/x" });
  });

  test("is loaded by the first redirect that is followed, once", async () => {
    for (let times = 0; times < 2; times++)
      expect(await ask("redirected", "/moved")).toMatchObject({ loaded: 1, body: "/here" });
  });

  test("is loaded by the first function that is handed out; where it fails, nothing is", async () => {
    const response = await cloth.fetch("driver", "http://driver.example/given?from=warm");
    expect(await response.json()).toEqual(["x1", "it is not here", "x1"]);
  });

  test("is there when a table that needs it is in use; where it fails, the old table stays and control hears why", async () => {
    await cloth.fetch("control", "http://control.example/", { method: "POST" });
    await vi.waitFor(
      async () => expect(await ask("warm")).toMatchObject({ origin: "http://a.example" }),
      { timeout: 10_000, interval: 100 },
    );
    expect(await ask("warm")).toMatchObject({ loaded: 1, status: 200 });
    await vi.waitFor(
      async () => {
        expect(await ask("broken")).toEqual({ loaded: 0, status: 200, origin: null, body: "/x" });
        const nacks = await cloth.fetch("control", "http://control.example/");
        expect(await nacks.json()).toContainEqual({ version: 1, reason: "no_late_part" });
      },
      { timeout: 10_000, interval: 100 },
    );
  });
});
