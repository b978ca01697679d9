// The loopback ports of `heddle dev`: what a client sends arrives byte for byte, and what is answered too.
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { afterEach, expect, test } from "vitest";
import { openListener, type Listener, type ListenerOptions } from "../../../cli/dev/ports.ts";

const opened: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function listen(options: ListenerOptions): Promise<Listener> {
  const listener = await openListener(options);
  opened.push(listener.close);
  return listener;
}

/** A server that shows what reached it, as bytes. */
async function rawTarget(onData: (socket: net.Socket, all: string) => void) {
  const seen: string[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    const index = seen.push("") - 1;
    socket.on("error", () => socket.destroy());
    socket.on("data", (data) => {
      seen[index] += data.toString("latin1");
      onData(socket, seen[index] ?? "");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  opened.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { seen, port: (server.address() as net.AddressInfo).port };
}

async function httpTarget(handler: http.RequestListener) {
  const server = http.createServer({ requireHostHeader: false }, handler);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  opened.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, host: "127.0.0.1", port: (server.address() as net.AddressInfo).port };
}

async function talk(port: number, ...parts: string[]): Promise<string> {
  const socket = net.connect(port, "127.0.0.1");
  const closed = once(socket, "close");
  let got = "";
  socket.on("data", (data) => (got += data.toString("latin1")));
  for (const part of parts) {
    socket.write(part, "latin1");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await closed;
  return got;
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-cAsE: \xE4 b \r\nConnection: close\r\n\r\nhi";

test("path, header case, order, duplicates and bytes over 127 arrive as sent, with ours added", async () => {
  const target = await rawTarget((socket, all) => {
    if (all.endsWith("\r\n\r\n")) socket.end(ok, "latin1");
  });
  const { port } = await listen({
    target: { host: "127.0.0.1", port: target.port },
    headers: { "x-heddle-listener": "infra/gw/80" },
  });
  const lines = "HoSt: a.example:8080\r\nX-Dup: 1\r\nx-dup:2\r\nX-Mixed-Case:  \xE4\xFF \r\n\r\n";
  for (const path of ["/a/%2e%2e/b", "//x", "/a/../b/./c?d=%zz&e", "/\\\xE4", "*"]) {
    const spoof = "X-Heddle-Listener: mine\r\n";
    expect(await talk(port, `GET ${path} HTTP/1.1\r\n${spoof}${lines}`)).toBe(ok);
    expect(target.seen.at(-1)).toBe(
      `GET ${path} HTTP/1.1\r\nx-heddle-listener: infra/gw/80\r\n${lines}`,
    );
  }
});

test("requests on one connection each get the header, whatever body lies between and however it is cut", async () => {
  const requests = [
    "POST /1 HTTP/1.1\r\nContent-Length: 5\r\n\r\n",
    "GET /",
    "POST /2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "5;x=y\r\nGET /\r\n3\r\n\r\n\r\r\n0\r\nTrailer: t\r\n\r\n",
    "\r\nPUT /3 HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    "GET /4 HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    "GET /end HTTP/1.1\r\n\r\n",
  ].join("");
  const expected = requests
    .replace("\r\nPUT", "PUT")
    .replaceAll(" HTTP/1.1\r\n", " HTTP/1.1\r\nk: v\r\n");
  const target = await rawTarget((socket, all) => {
    if (/\/end [^]*\r\n\r\n$/.test(all)) socket.end(ok);
  });
  const { port } = await listen({
    target: { host: "127.0.0.1", port: target.port },
    headers: { k: "v" },
  });
  for (const size of [1, 7, 10_000]) {
    const parts = requests.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
    await talk(port, ...parts);
    expect(target.seen.at(-1)).toBe(expected);
  }
});

test.each([
  ["two lengths", "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400],
  [
    "length and coding",
    "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    400,
  ],
  [
    "a coding other than chunked",
    "GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    400,
  ],
  ["a bare line feed", "GET / HTTP/1.1\r\na: b\nc: d\r\n\r\n", 400],
  ["a folded header", "GET / HTTP/1.1\r\na: b\r\n c\r\n\r\n", 400],
  ["a space before the colon", "GET / HTTP/1.1\r\na : b\r\n\r\n", 400],
  ["HTTP/2 with prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
  ["a broken chunk", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n", 400],
  ["a head over 128 KiB", `GET / HTTP/1.1\r\na: ${"x".repeat(132_000)}\r\n\r\n`, 431],
])("refuses %s", async (_, bytes, status) => {
  const target = await rawTarget(() => {});
  const { port } = await listen({ target: { host: "127.0.0.1", port: target.port } });
  expect(await talk(port, bytes)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
});

test("bodies stream both ways", async () => {
  const target = await httpTarget((request, response) => {
    response.writeHead(200);
    request.on("data", (data: Buffer) => response.write(`got ${data.toString()};`));
    request.on("end", () => setTimeout(() => response.end("end"), 20));
  });
  const { port } = await listen({ target });
  const request = http.request({ port, host: "127.0.0.1", method: "POST" });
  request.write("a");
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  const parts = response.iterator();
  expect(String((await parts.next()).value)).toBe("got a;");
  request.end("b");
  expect(String((await parts.next()).value)).toBe("got b;");
  expect(String((await parts.next()).value)).toBe("end");
});

test("eight megabytes pass in both directions", async () => {
  const target = await httpTarget((request, response) => void request.pipe(response));
  const { url } = await listen({ target });
  const body = Buffer.alloc(8 << 20, 7);
  const response = await fetch(url, { method: "POST", body });
  expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
});

test("an accepted upgrade passes bytes unread; a refused one leaves the connection usable", async () => {
  const target = await rawTarget((socket, all) => {
    if (all.endsWith("yes HTTP/1.1\r\nk: v\r\nUpgrade: websocket\r\n\r\n")) {
      socket.write("HTTP/1.1 101 Switching Protocols\r\n\r\n");
    } else if (all.endsWith("no HTTP/1.1\r\nk: v\r\nUpgrade: websocket\r\n\r\n")) {
      socket.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    } else if (/bye|\/next [^]*\r\n\r\n$/.test(all)) socket.end("done");
  });
  const { port } = await listen({
    target: { host: "127.0.0.1", port: target.port },
    headers: { k: "v" },
  });
  const upgrade = (path: string) => `GET ${path} HTTP/1.1\r\nUpgrade: websocket\r\n\r\n`;
  expect(await talk(port, upgrade("/yes"), "\x81\x80GET / HTTP/1.1\r\n\r\n", "bye")).toMatch(
    /101[^]*done$/,
  );
  expect(target.seen.at(-1)).toMatch(/\r\n\r\n\x81\x80GET \/ HTTP\/1.1\r\n\r\nbye$/);
  expect(await talk(port, upgrade("/no") + "GET /next HTTP/1.1\r\n\r\n")).toMatch(/403[^]*done$/);
  expect(target.seen.at(-1)).toMatch(/GET \/next HTTP\/1.1\r\nk: v\r\n\r\n$/);
});

test("each request may go to a target of its own", async () => {
  const one = await httpTarget((request, response) => void response.end(`one ${request.url}`));
  const two = await httpTarget((request, response) => void response.end(`two ${request.url}`));
  const { port } = await listen({ target: ({ path }) => (path.startsWith("/dev/") ? two : one) });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const get = async (path: string): Promise<string> => {
    const [response] = (await once(http.get({ port, path, agent }), "response")) as [
      http.IncomingMessage,
    ];
    return String(await response.toArray());
  };
  expect([await get("/a"), await get("/dev/b"), await get("/c")]).toEqual([
    "one /a",
    "two /dev/b",
    "one /c",
  ]);
  agent.destroy();
});

test("waits for a target that is away for a moment, and answers 502 when it stays away", async () => {
  const gone = await rawTarget(() => {});
  for (const close of opened.splice(0)) await close();
  const { url } = await listen({ target: { host: "127.0.0.1", port: gone.port }, connectMs: 400 });
  const answer = fetch(url).then((response) => response.text());
  const server = http.createServer((_, response) => void response.end("back"));
  opened.push(() => void server.close());
  setTimeout(() => server.listen(gone.port, "127.0.0.1"), 100);
  expect(await answer).toBe("back");
  server.closeAllConnections();
  server.close();
  expect((await fetch(url)).status).toBe(502);
});

test("a client that leaves takes its connection to the target with it, and close ends all", async () => {
  let left = 0;
  const target = await httpTarget((request, response) => {
    response.on("close", () => (left += 1));
    response.write("start");
    request.resume();
  });
  const { url, close } = await listen({ target });
  const leave = new AbortController();
  const first = await fetch(url, { signal: leave.signal });
  const second = await fetch(url);
  leave.abort();
  await expect(first.text()).rejects.toThrow();
  await expect.poll(() => left).toBe(1);
  await close();
  await expect(second.text()).rejects.toThrow();
  await expect.poll(() => left).toBe(2);
  await expect(fetch(url)).rejects.toThrow();
});
