// The mesh's own Workers outside dev: nobody may poke them, make them forget, or read what they count.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleOwn } from "../../cli/dev/own-bundles.ts";
import { startRuntime, type Runtime } from "../../cli/dev/runtime.ts";
import { plainSettings, type RuntimeWorker } from "../../cli/dev/runtime-worker.ts";
import type { Wiring } from "../../mesh/contract/wiring.ts";
import { newestDate } from "./differences.ts";

const WIRING: Wiring = {
  format: 1,
  mesh: "m",
  trustDomain: "m.example",
  workload: "heddle/own",
  dialled: {},
  reach: {},
  objects: [],
  ownRoutes: false,
  assets: null,
  loopback: "x",
  tableKey: null,
  seed: null,
  table: null,
};

/** Calls `HeddleDev` of the Worker that the path names. */
const ASKER = `export default {
  async fetch(request, env) {
    const [, worker, member] = new URL(request.url).pathname.split("/");
    return new Response(await env[worker][member]().then(JSON.stringify, (error) => error.message));
  },
};`;

const OWN = ["gateway", "relay"] as const;
const settings = plainSettings(newestDate());
const dir = mkdtempSync(path.join(tmpdir(), "own-"));
let runtime: Runtime;

const workerOf = (
  name: string,
  contents: string,
  bindings: RuntimeWorker["bindings"],
): RuntimeWorker => ({
  name,
  settings,
  modules: [{ name: "index.js", type: "ESModule", contents }],
  bindings,
});

beforeAll(async () => {
  const bundles = await bundleOwn();
  const wired = [WIRING, { ...WIRING, dev: true }].flatMap((wiring) =>
    OWN.map((own) =>
      workerOf(`${own}-${wiring.dev === true}`, bundles[own].text, {
        HEDDLE_WIRING: { type: "json", value: wiring },
      }),
    ),
  );
  const dials = wired.map(
    ({ name }): [string, { type: "worker"; worker: string; entrypoint: string }] => [
      name,
      { type: "worker", worker: name, entrypoint: "HeddleDev" },
    ],
  );
  const asker = { ...workerOf("asker", ASKER, Object.fromEntries(dials)), expose: ["default"] };
  runtime = await startRuntime({
    workers: [asker, ...wired],
    stateDir: `${dir}/state`,
    tmpDir: `${dir}/tmp`,
    onLog: () => undefined,
  });
});
afterAll(async () => {
  await runtime?.close();
  rmSync(dir, { recursive: true, force: true });
});

const ask = async (worker: string, member: string): Promise<string> =>
  await (await runtime.fetch("asker", `http://asker/${worker}/${member}`)).text();

test.each(OWN)("%s answers dev, and nobody where it is deployed", async (own) => {
  expect(await ask(`${own}-true`, "counts")).toBe("{}");
  for (const member of ["counts", "poke", "reset"])
    expect(await ask(`${own}-false`, member)).toContain("does not implement the method");
});
