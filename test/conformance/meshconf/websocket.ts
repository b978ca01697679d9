// Owns a WebSocket client just large enough for the cases: one upgrade with a Host header of its own, small frames.
import { randomBytes } from "node:crypto";
import { request } from "node:http";
import type { Duplex } from "node:stream";
import type { Frame } from "./case-file.ts";
import { differs } from "./compare.ts";
import { REQUEST_TIMEOUT_MS, splitAddress, type WireRequest } from "./wire.ts";

const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;

/** Upgrades, exchanges the frames in order and closes; the differences found. */
export async function exchange(
  wire: WireRequest,
  frames: readonly Frame[],
): Promise<readonly string[]> {
  const upgraded = await upgrade(wire);
  if (typeof upgraded === "number") return [differs("status", 101, upgraded)];
  const found: string[] = [];
  const reader = new FrameReader(upgraded.socket, upgraded.head);
  try {
    for (const frame of frames) {
      if (frame.send_text !== undefined)
        upgraded.socket.write(encode(TEXT, Buffer.from(frame.send_text)));
      if (frame.send_binary_hex !== undefined)
        upgraded.socket.write(encode(BINARY, Buffer.from(frame.send_binary_hex, "hex")));
      if (frame.expect_text !== undefined || frame.expect_binary_hex !== undefined)
        found.push(...compareFrame(frame, await reader.next()));
    }
    upgraded.socket.write(encode(CLOSE, Buffer.from([0x03, 0xe8])));
  } finally {
    upgraded.socket.destroy();
  }
  return found;
}

interface Received {
  readonly opcode: number;
  readonly payload: Buffer;
}

function compareFrame(frame: Frame, got: Received): string[] {
  if (frame.expect_text !== undefined) {
    const text = got.payload.toString("utf8");
    const isEqual = got.opcode === TEXT && text === frame.expect_text;
    return isEqual ? [] : [differs("text frame", frame.expect_text, `${got.opcode}: ${text}`)];
  }
  const hex = got.payload.toString("hex");
  const isEqual = got.opcode === BINARY && hex === frame.expect_binary_hex?.toLowerCase();
  return isEqual ? [] : [differs("binary frame", frame.expect_binary_hex, `${got.opcode}: ${hex}`)];
}

/** The upgraded connection, or the status of the answer that refused it. */
function upgrade(wire: WireRequest): Promise<number | { socket: Duplex; head: Buffer }> {
  const [host, port] = splitAddress(wire.address);
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host,
      port,
      path: wire.target,
      setHost: false,
      headers: [
        ...wire.headers.flat(),
        "Connection",
        "Upgrade",
        "Upgrade",
        "websocket",
        "Sec-WebSocket-Version",
        "13",
        "Sec-WebSocket-Key",
        randomBytes(16).toString("base64"),
      ],
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    outgoing.on("error", reject);
    outgoing.on("upgrade", (_response, socket, head) => resolve({ socket, head }));
    outgoing.on("response", (response) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    outgoing.end();
  });
}

/** A client's frame: final, masked, at most 125 bytes. */
function encode(opcode: number, payload: Buffer): Buffer {
  if (payload.length > 125) throw new Error("a case with a frame of more than 125 bytes");
  const mask = randomBytes(4);
  const masked = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length]), mask, masked]);
}

/** Takes a server's frames off a connection, each unmasked and shorter than 64 KiB. */
class FrameReader {
  #bytes: Buffer;
  #wake: (() => void) | undefined;
  #isOver = false;
  readonly #socket: Duplex;

  constructor(socket: Duplex, head: Buffer) {
    this.#socket = socket;
    this.#bytes = head;
    socket.on("data", (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake?.();
    });
    for (const event of ["close", "error"]) socket.on(event, () => this.#end());
  }

  async next(): Promise<Received> {
    for (;;) {
      const frame = this.#take();
      if (frame !== null) return frame;
      if (this.#isOver) throw new Error("the WebSocket was closed before the expected frame");
      await this.#more();
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#wake?.();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#socket.destroy(), REQUEST_TIMEOUT_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #take(): Received | null {
    const bytes = this.#bytes;
    if (bytes.length < 2) return null;
    const short = bytes.readUInt8(1) & 0x7f;
    const start = short === 126 ? 4 : 2;
    if (bytes.length < start) return null;
    const length = short === 126 ? bytes.readUInt16BE(2) : short;
    if (bytes.length < start + length) return null;
    this.#bytes = bytes.subarray(start + length);
    return { opcode: bytes.readUInt8(0) & 0x0f, payload: bytes.subarray(start, start + length) };
  }
}
