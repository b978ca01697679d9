// A WebSocket by hand: its request can be signed, and its frames be read as they come.
import { once } from "node:events";
import http from "node:http";
import type { Socket } from "node:net";

/** Headers that ask for one. */
export const UPGRADE = [
  ["connection", "Upgrade"],
  ["upgrade", "websocket"],
  ["sec-websocket-version", "13"],
  ["sec-websocket-key", Buffer.alloc(16, 1).toString("base64")],
] as const;

/** The socket of an upgrade; rejects with the status where it was not granted. */
export async function upgraded(
  { hostname, port }: URL,
  path: string,
  headers: readonly (readonly [string, string])[],
): Promise<Socket> {
  const request = http.get({ hostname, port, path, headers: Object.fromEntries(headers) });
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  request.once("error", reject);
  request.once("response", ({ statusCode }) => reject(new Error(`no upgrade: ${statusCode}`)));
  request.once("upgrade", (_response, socket) => resolve(socket));
  return promise;
}

/** The next frame, short and from a server, that comes alone. */
export async function frameOf(socket: Socket): Promise<{ opcode: number; payload: Buffer }> {
  const [bytes] = (await once(socket, "data")) as [Buffer];
  return { opcode: bytes.readUInt8(0) & 0x0f, payload: bytes.subarray(2) };
}
