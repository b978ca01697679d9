// The raw HTTP client and the WebSocket client, against a server that shows what arrived on the wire.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { afterAll, describe, expect, it } from "vitest";
import { exchange } from "./meshconf/websocket.ts";
import { closeConnections, send } from "./meshconf/wire.ts";

const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
  request.on("end", () => {
    const { method, url, rawHeaders } = request;
    response.writeHead(302, [
      ["Location", "/elsewhere"],
      ["X-Twice", "1"],
      ["x-twice", "2"],
    ]);
    response.end(JSON.stringify({ method, url, rawHeaders, body }));
  });
});
server.on("upgrade", (request, socket: Duplex) => {
  if (request.url !== "/ws") {
    socket.end("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
    return;
  }
  const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash("sha1").update(key).digest("base64");
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.on("data", (frame: Buffer) => echoFrames(socket, frame));
  socket.on("error", () => socket.destroy());
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
afterAll(() => {
  closeConnections();
  server.closeAllConnections();
  server.close();
});

/** Unmasks each frame and sends it back in two pieces. */
function echoFrames(socket: Duplex, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) {
    const length = bytes[at + 1]! & 0x7f;
    const mask = bytes.subarray(at + 2, at + 6);
    const payload = bytes.subarray(at + 6, at + 6 + length).map((byte, i) => byte ^ mask[i % 4]!);
    socket.write(Buffer.from([bytes[at]!]));
    socket.write(Buffer.concat([Buffer.from([length]), payload]));
    at += 6 + length;
  }
}

describe("send", () => {
  it("writes target and headers as given and follows nothing", async () => {
    const answer = await send({
      address,
      method: "POST",
      target: "/a//b/%2e?x=%20&y",
      headers: [
        ["Host", "cloth.example:99"],
        ["X-miXed", "1"],
        ["X-miXed", "2"],
      ],
      body: "yarn",
    });
    expect(answer.status).toBe(302);
    expect(answer.headers.filter(([name]) => name.toLowerCase() === "x-twice")).toEqual([
      ["X-Twice", "1"],
      ["x-twice", "2"],
    ]);
    const seen = JSON.parse(answer.body) as { method: string; url: string; rawHeaders: string[] };
    expect(seen).toMatchObject({ method: "POST", url: "/a//b/%2e?x=%20&y", body: "yarn" });
    expect(seen.rawHeaders.slice(0, 6)).toEqual([
      "Host",
      "cloth.example:99",
      "X-miXed",
      "1",
      "X-miXed",
      "2",
    ]);
  });

  it("rejects when nobody listens", async () => {
    const wire = { address: "127.0.0.1:1", method: "GET", target: "/", headers: [] };
    await expect(send({ ...wire, headers: [["Host", "x"]] })).rejects.toThrow(/ECONNREFUSED/);
  });
});

describe("exchange", () => {
  const wire = { address, method: "GET", target: "/ws", headers: [["Host", "x"]] as const };

  it("compares text and binary frames", async () => {
    const frames = [
      { send_text: "wéft", expect_text: "wéft" },
      { send_binary_hex: "0102ff", expect_binary_hex: "0102FF" },
    ];
    expect(await exchange(wire, frames)).toEqual([]);
    const wrong = await exchange(wire, [{ send_text: "a", expect_text: "b" }]);
    expect(wrong).toEqual(["text frame: expected b, got 1: a"]);
  });

  it("tells the status that refused the upgrade", async () => {
    expect(await exchange({ ...wire, target: "/no" }, [])).toEqual([
      "status: expected 101, got 404",
    ]);
  });
});
