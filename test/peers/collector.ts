// An OTLP collector that is away: what it gets once it is back, and what was counted as given up, is every span there was.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { METRICS } from "../../mesh/contract/telemetry.ts";
import { MOST_SPANS } from "../../mesh/platform/exporter.ts";
import { startMesh, type Mesh } from "../../mesh/testing.ts";
import { readOtlp } from "../mesh/otlp-schema.ts";
import type { Finding } from "./run.ts";

const FRONT = `export default { fetch: (request, env) => env.BACK.fetch("http://back/") };`;
const BACK = `export default { fetch: () => new Response("ok") };`;
/** A call and an attempt at the gateway, and the same in front. */
const SPANS_A_REQUEST = 4;
/** More than the buffer of one isolate holds, so that there is something to give up. */
const REQUESTS = MOST_SPANS / 2 + 200;
const SETTLED_MS = 60_000;

/** Calls for so long while nobody listens, then lets the collector come back. */
export async function collect(seconds: number): Promise<readonly Finding[]> {
  const port = await freePort();
  const mesh = await startMesh({
    workers: { front: { script: FRONT, services: { BACK: "back" } }, back: { script: BACK } },
    entry: "front",
  });
  try {
    await trace(mesh, port);
    const before = await requestsOf(mesh);
    await callFor(mesh, seconds, REQUESTS);
    const seen: string[] = [];
    const collector = await listen(port, seen);
    try {
      return await findingsOf(mesh, before, seen);
    } finally {
      collector.close();
      collector.closeAllConnections();
    }
  } finally {
    await mesh.close();
  }
}

async function trace(mesh: Mesh, port: number): Promise<void> {
  const { apiVersion, kind, metadata, spec } = await mesh.get("mesh", "test");
  const tracing = { otlpUrl: `http://127.0.0.1:${port}/v1/traces` };
  const changed = { ...spec, defaults: { tracing } };
  await mesh.apply([{ apiVersion, kind, metadata: { name: metadata.name }, spec: changed }]);
}

async function callFor(mesh: Mesh, seconds: number, count: number): Promise<void> {
  const startMs = performance.now();
  for (let made = 0; made < count; made++) {
    await (await mesh.fetch("/")).arrayBuffer();
    await sleep(Math.max(0, startMs + (made * seconds * 1000) / count - performance.now()));
  }
}

async function findingsOf(
  mesh: Mesh,
  before: number,
  seen: readonly string[],
): Promise<readonly Finding[]> {
  const endMs = performance.now() + SETTLED_MS;
  for (;;) {
    // Each call takes along what waits; it is traced as well.
    await (await mesh.fetch("/")).arrayBuffer();
    await sleep(4000);
    const made = ((await requestsOf(mesh)) - before) * SPANS_A_REQUEST;
    const [dropped, exported] = [
      await valueOf(mesh, METRICS.spansDropped),
      await valueOf(mesh, METRICS.spans),
    ];
    const got = new Set(seen).size;
    const isWhole = got + dropped === made;
    if (!isWhole && performance.now() < endMs) continue;
    return [
      {
        what: "no span is lost uncounted",
        isGood: isWhole,
        detail: `${made} made, ${got} taken (${exported} counted so far), ${dropped} given up; ${MOST_SPANS} are held`,
      },
      {
        what: "spans are given up only when the buffer is full",
        isGood: dropped > 0 && got >= 2 * MOST_SPANS,
        detail: `${got} of two isolates arrived`,
      },
      {
        what: "no span came twice",
        isGood: got === seen.length,
        detail: `${seen.length} arrived`,
      },
    ];
  }
}

/** What the gateway has served. */
const requestsOf = (mesh: Mesh): Promise<number> =>
  valueOf(mesh, `${METRICS.requests}{source="heddle/gateway"`);

async function valueOf(mesh: Mesh, prefix: string): Promise<number> {
  const answer = await fetch(`${mesh.control}/metrics`, {
    headers: { authorization: `Bearer ${mesh.token}` },
  });
  return (await answer.text())
    .split("\n")
    .filter((line) => line.startsWith(prefix))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

async function listen(port: number, seen: string[]): Promise<Server> {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      response.end("{}");
      for (const { traceId, spanId } of readOtlp(body)) seen.push(`${traceId} ${spanId}`);
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
