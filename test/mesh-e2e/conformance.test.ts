// `npm run conformance` as a user runs it: the cases of our own always, a seeded draw of the shared ones where they are.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { NOT_APPLICABLE } from "../conformance/not-applicable.ts";
import type { FileResult } from "../conformance/results.ts";

const RUN = path.join(import.meta.dirname, "../conformance/run.ts");
const OWN = path.join(import.meta.dirname, "../conformance/cases");
const SHARED = path.join(import.meta.dirname, "../../../shared/conformance/gateway-api");
const TIMEOUT_MS = 240_000;

/** Cases that a mesh of Workers has no way to be asked are skipped by the runner, and not drawn here. */
const isAsked = (name: string): boolean => {
  const { drive } = JSON.parse(readFileSync(path.join(SHARED, name), "utf8")) as { drive: string };
  return !(drive in NOT_APPLICABLE);
};
const files = existsSync(SHARED) ? readdirSync(SHARED).filter(isAsked) : [];
const seed = Number(process.env["HEDDLE_SEED"] ?? Date.now() % 100_000);

interface Ran {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly log: string;
}

function run(...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [RUN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let log = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (out += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (log += chunk));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, lines: out.trim().split("\n"), log }));
  });
}

describe("npm run conformance", () => {
  it("passes the cases of our own, and prints counts last", { timeout: TIMEOUT_MS }, async () => {
    const { code, lines, log } = await run("--cases", OWN, "-o", "json");
    const counts = JSON.parse(lines.at(-1) ?? "") as Record<string, number>;
    expect(counts, log).toMatchObject({ failed: 0, skipped: 0 });
    expect(counts["passed"]).toBeGreaterThan(50);
    const { results } = JSON.parse(lines[0] ?? "") as { results: readonly FileResult[] };
    expect(results).toHaveLength(8);
    expect(log).toContain(
      'Mesh.spec.defaults: {"retry":{"attempts":0},"breaker":{"failureRatio":0}}',
    );
    expect(code).toBe(0);
  });

  it.skipIf(!existsSync(SHARED))(
    `passes a draw of the shared cases, seed ${seed}`,
    { timeout: TIMEOUT_MS },
    async () => {
      const only = ["--only", files.join(",")];
      const drawn = ["--sample", "4", "--seed", String(seed)];
      const { code, lines, log } = await run("--cases", SHARED, ...only, ...drawn);
      expect(JSON.parse(lines.at(-1) ?? ""), log).toMatchObject({ failed: 0, skipped: 0 });
      expect(code).toBe(0);
    },
  );

  it("refuses what it cannot run", async () => {
    const nothing = await run("--cases", path.join(OWN, "nowhere"));
    expect(nothing.code).toBe(2);
    const unknown = await run("--cases", path.join(import.meta.dirname, "../topologies/own.json"));
    expect(unknown.log).toContain("unknown schema meshtopo/1");
    expect(unknown.lines.at(-1)).toBe('{"passed":0,"failed":1,"skipped":0}');
    expect(unknown.code).toBe(1);
  });
});
