// A real Prometheus over the running shop: every scrape is taken whole, and its log has nothing to complain of.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { METRICS } from "../../mesh/contract/telemetry.ts";
import { startMesh, type Mesh } from "../../mesh/testing.ts";
import type { Finding } from "./run.ts";

const SHOP = path.join(import.meta.dirname, "../../workers/shop");
const PAGES = ["/", "/products/mug", "/cart"];

/** Scrapes the shop once a second for so long, while it is visited. */
export async function scrape(program: string, seconds: number): Promise<readonly Finding[]> {
  const home = mkdtempSync(path.join(tmpdir(), "heddle-peers-"));
  const mesh = await startMesh({ project: SHOP });
  try {
    const port = await freePort();
    const config = path.join(home, "prometheus.yml");
    writeFileSync(config, configOf(mesh));
    const child = spawn(
      program,
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${home}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    let log = "";
    child.stderr.setEncoding("utf8").on("data", (more: string) => (log += more));
    try {
      await visit(mesh, seconds);
      return await findingsOf(`http://127.0.0.1:${port}`, log, seconds);
    } finally {
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    }
  } finally {
    await mesh.close();
    rmSync(home, { recursive: true, force: true });
  }
}

const configOf = ({ control, token }: Mesh): string => `
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: heddle
    authorization: { credentials: ${JSON.stringify(token)} }
    static_configs: [{ targets: [${JSON.stringify(new URL(control).host)}] }]
`;

async function visit(mesh: Mesh, seconds: number): Promise<void> {
  const endMs = Date.now() + seconds * 1000;
  for (let turn = 0; Date.now() < endMs; turn++) {
    const answer = await mesh.fetch(PAGES[turn % PAGES.length] ?? "/");
    await answer.arrayBuffer();
    await sleep(50);
  }
}

async function findingsOf(url: string, log: string, seconds: number): Promise<readonly Finding[]> {
  const [target] = (
    await ask<{ activeTargets: { health: string; lastError: string }[] }>(url, "targets")
  ).activeTargets;
  const worst = await query(url, `min_over_time(up[${seconds}s])`);
  const scrapes = await query(url, `count_over_time(up[${seconds}s])`);
  const samples = await query(url, `min_over_time(scrape_samples_scraped[${seconds}s])`);
  const requests = await query(url, `sum(increase(${METRICS.requests}[${seconds}s]))`);
  const quantile = await query(
    url,
    `histogram_quantile(0.95, sum by (le) (rate(${METRICS.requestDuration}_bucket[${seconds}s])))`,
  );
  const complaints = log.split("\n").filter((line) => /level=(warn|error)/.test(line));
  const one = (what: string, isGood: boolean, detail: unknown): Finding => ({
    what,
    isGood,
    detail: String(detail),
  });
  return [
    one("the target is up", target?.health === "up", target?.lastError || target?.health),
    one("every scrape was taken", worst === 1 && scrapes >= seconds / 2, `${scrapes} scrapes`),
    one("each had samples", samples > 10, `at least ${samples}`),
    one("requests were counted", requests > 0, `${requests.toFixed(0)} in ${seconds} s`),
    one("durations can be asked for", quantile > 0, `95th percentile ${quantile} s`),
    one("nothing is warned of", complaints.length === 0, complaints.join("\n") || "log is clean"),
  ];
}

async function query(url: string, expression: string): Promise<number> {
  const { result } = await ask<{ result: { value: [number, string] }[] }>(
    url,
    `query?query=${encodeURIComponent(expression)}`,
  );
  return Number(result[0]?.value[1] ?? Number.NaN);
}

async function ask<T>(url: string, what: string): Promise<T> {
  const answer = await fetch(`${url}/api/v1/${what}`);
  const { data } = (await answer.json()) as { data: T };
  return data;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
