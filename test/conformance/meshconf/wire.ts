// Owns the raw HTTP client: target and headers go out as written, nothing is followed, nothing decoded.
import { Agent, request } from "node:http";
import type { Answer } from "./answer.ts";

export interface WireRequest {
  /** `host:port` that is connected to; the Host header is among the headers. */
  readonly address: string;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: string | Uint8Array;
}

/** A single request takes at most this long. */
export const REQUEST_TIMEOUT_MS = 10_000;

const agent = new Agent({ keepAlive: true, maxSockets: 64, timeout: 30_000 });

/** Sends one request; rejects when no answer came. */
export function send(wire: WireRequest): Promise<Answer> {
  const [host, port] = splitAddress(wire.address);
  return new Promise((resolve, reject) => {
    const outgoing = request({
      agent,
      host,
      port,
      method: wire.method,
      path: wire.target,
      setHost: false,
      headers: [...wire.headers, ...lengthOf(wire)].flat(),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("error", reject);
      incoming.on("end", () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: toPairs(incoming.rawHeaders),
          body: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    outgoing.end(wire.body);
  });
}

/** Closes the kept connections, so that the process can end. */
export function closeConnections(): void {
  agent.destroy();
}

/** `host:port` as its two parts. */
export function splitAddress(address: string): [host: string, port: number] {
  const colon = address.lastIndexOf(":");
  return [address.slice(0, colon), Number(address.slice(colon + 1))];
}

/** A flat list of names and values as pairs. */
export function toPairs(flat: readonly string[]): [name: string, value: string][] {
  return Array.from({ length: flat.length / 2 }, (_, index) => [
    flat[index * 2] ?? "",
    flat[index * 2 + 1] ?? "",
  ]);
}

function lengthOf(wire: WireRequest): [string, string][] {
  if (wire.body === undefined) {
    return ["POST", "PUT", "PATCH"].includes(wire.method) ? [["Content-Length", "0"]] : [];
  }
  return [["Content-Length", String(Buffer.byteLength(wire.body))]];
}
