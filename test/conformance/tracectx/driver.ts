// The driver of trace context cases: a client of the gateway, a woven service that calls back, and what the callbacks carry.
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { startMesh } from "../../../mesh/testing.ts";
import type { Driver, SchemaFile } from "../driver.ts";
import type { CaseResult, FileResult } from "../results.ts";
import { differences, type Expected, type Lines } from "./check.ts";

/** What the suite asks of a service: examples/trace-context. */
const PROJECT = path.join(import.meta.dirname, "../../../examples/trace-context");
const TIMEOUT_MS = 15_000;

interface TraceCase {
  readonly id: string;
  readonly suite?: string;
  readonly request_headers: Lines;
  readonly expect: Expected;
  readonly callbacks: number;
}

/** Runs the files of schema `tracectx/1` against one mesh. */
export const traceContext: Driver = async (files, context) => {
  const harness = await startHarness();
  try {
    await using mesh = await startMesh({ project: PROJECT });
    const results: FileResult[] = [];
    for (const file of files) {
      const result = await runFile(file, mesh.gateway, harness);
      context.done(result);
      results.push(result);
    }
    return results;
  } finally {
    harness.close();
  }
};

async function runFile(file: SchemaFile, gateway: string, harness: Harness): Promise<FileResult> {
  const startedMs = performance.now();
  const results: CaseResult[] = [];
  for (const one of file.document["cases"] as readonly TraceCase[])
    results.push(await runCase(one, gateway, harness));
  const { name } = file;
  const durationMs = performance.now() - startedMs;
  return { file: name, id: name, profile: "", features: [], results, durationMs };
}

async function runCase(one: TraceCase, gateway: string, harness: Harness): Promise<CaseResult> {
  const { id, suite = "", request_headers: headers, expect, callbacks } = one;
  const list = Array.from({ length: callbacks }, () => ({ url: harness.url, arguments: [] }));
  const status = await ask(`${gateway}/test`, headers, JSON.stringify(list));
  const detail = [
    ...(status === 200 ? [] : [`the service answered ${status}`]),
    ...differences(harness.take(), expect, callbacks),
  ];
  const verdict = detail.length === 0 ? "passed" : "failed";
  return { id, title: `${suite} ${id}`, kind: "case", verdict, detail };
}

/** Posts with the header lines as they are: each on its own, in order, blanks and case included. */
function ask(url: string, lines: Lines, body: string): Promise<number> {
  const given = [["host", new URL(url).host], ["content-type", "application/json"], ...lines];
  const length = ["content-length", String(Buffer.byteLength(body))];
  return new Promise((resolve, reject) => {
    const headers = [...given, length].flat();
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const request = http.request(url, { method: "POST", headers, signal }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    });
    request.on("error", reject).end(body);
  });
}

interface Harness {
  readonly url: string;
  /** Header lines of the callbacks since the last time. */
  take(): readonly Lines[];
  close(): void;
}

/** The server that the service under test calls back. */
async function startHarness(): Promise<Harness> {
  let calls: Lines[] = [];
  const server = http.createServer((request, response) => {
    calls.push(linesOf(request.rawHeaders));
    request.resume().on("end", () => response.end("{}"));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    take: () => {
      const taken = calls;
      calls = [];
      return taken;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const linesOf = (raw: readonly string[]): Lines =>
  raw.flatMap((name, index) =>
    index % 2 === 0 ? [[name.toLowerCase(), raw[index + 1] ?? ""] as const] : [],
  );
