// Owns the loopback ports of `heddle dev`: each passes what it is sent, byte for byte, to a socket of the
// local runtime and adds headers that only this process knows how to write.
// It does not parse answers: they, their streams, 1xx and WebSocket frames pass untouched.
import { once } from "node:events";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import {
  requestReader,
  type Piece,
  type RequestHead,
  type RequestReader,
} from "./request-framing.ts";

export type { RequestHead } from "./request-framing.ts";

export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface ListenerOptions {
  /** Loopback only. Default: 127.0.0.1. */
  readonly host?: "127.0.0.1" | "::1" | undefined;
  /** 0 picks a free one. Default: 0. */
  readonly port?: number | undefined;
  /** Added to every request; the same names are taken out of what the client sent. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Where requests go; a function is asked for each request. A connection keeps one target at a time,
   * so a client that pipelines must not mix requests for several.
   */
  readonly target: Target | ((request: RequestHead) => Target | Promise<Target>);
  /** How long to wait for a target that is not there yet, as during a reload. Default: 5000 ms. */
  readonly connectMs?: number | undefined;
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  readonly url: URL;
  /** Stops listening and cuts the open connections. */
  readonly close: () => Promise<void>;
}

/** Opens a port; rejects if it is taken. */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const clients = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    clients.add(client);
    client.once("close", () => clients.delete(client));
    void serve(client, options);
  });
  server.listen({ host: options.host ?? "127.0.0.1", port: options.port ?? 0, exclusive: true });
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no address after listen");
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return {
    host: address.address,
    port: address.port,
    url: new URL(`http://${host}:${address.port}/`),
    close: async () => {
      const closed = once(server, "close");
      server.close();
      for (const client of clients) client.destroy();
      await closed;
    },
  };
}

/** One client connection and, at any time, at most one to a target. */
interface Link {
  readonly client: net.Socket;
  readonly options: ListenerOptions;
  readonly reader: RequestReader;
  upstream: net.Socket | undefined;
  target: Target | undefined;
  /** Settles when everything read so far was passed on: pieces keep their order. */
  passed: Promise<void>;
}

async function serve(client: net.Socket, options: ListenerOptions): Promise<void> {
  const reader = requestReader(options.headers ?? {});
  const link: Link = {
    client,
    options,
    reader,
    upstream: undefined,
    target: undefined,
    passed: Promise.resolve(),
  };
  client.once("close", () => link.upstream?.destroy());
  client.on("error", () => client.destroy());
  try {
    for await (const chunk of client.iterator({ destroyOnReturn: false })) {
      await passAll(link, reader.push(chunk as Buffer));
    }
    // Half-closed: the answer may still be on its way.
    if (link.upstream) link.upstream.end();
    else client.end();
  } catch {
    // The client went away; "close" ends the rest.
    client.destroy();
  }
}

function passAll(link: Link, pieces: readonly Piece[]): Promise<void> {
  link.passed = link.passed.then(async () => {
    for (const piece of pieces) await pass(link, piece);
  });
  return link.passed;
}

async function pass(link: Link, piece: Piece): Promise<void> {
  if (piece.kind === "refuse") return answer(link, piece.status, piece.why);
  if (piece.kind === "head") {
    const ready = await ensureUpstream(link, piece.head).catch((error: unknown) => String(error));
    if (ready !== true) return answer(link, "502 Bad Gateway", ready);
    if (piece.isUpgrade) watchUpgrade(link);
  }
  await write(link.upstream, piece.bytes);
}

/** Connects to the target of this request, unless the connection at hand leads there. */
async function ensureUpstream(link: Link, head: RequestHead): Promise<true> {
  const { target: choice, connectMs = 5000 } = link.options;
  const target = typeof choice === "function" ? await choice(head) : choice;
  if (isSame(link.target, target) && link.upstream && !link.upstream.destroyed) return true;
  // A client that does not pipeline has read the whole answer before it asks again.
  const old = link.upstream;
  link.upstream = undefined;
  old?.unpipe(link.client).destroy();
  const upstream = await connect(target, connectMs, () => link.client.destroyed);
  link.upstream = upstream;
  link.target = target;
  upstream.pipe(link.client, { end: false });
  upstream.once("end", () => {
    if (link.upstream === upstream) link.client.end();
  });
  upstream.once("close", () => {
    if (link.upstream === upstream) link.client.destroySoon();
  });
  return true;
}

function isSame(a: Target | undefined, b: Target): boolean {
  return a !== undefined && a.host === b.host && a.port === b.port;
}

/** Tries until something listens: nothing was sent yet, so trying again is safe. */
async function connect(target: Target, ms: number, isGone: () => boolean): Promise<net.Socket> {
  const until = performance.now() + ms;
  for (;;) {
    const socket = net.connect({ ...target, noDelay: true, allowHalfOpen: true });
    try {
      await once(socket, "connect");
      socket.on("error", () => socket.destroy());
      return socket;
    } catch (error) {
      if (isGone() || performance.now() > until) throw error;
      await sleep(25);
    }
  }
}

/** Reads the status of the answer to an upgrade: only after 101 may bytes pass unread. */
function watchUpgrade(link: Link): void {
  link.upstream?.once("data", (first: Buffer) => {
    const isUpgraded = /^HTTP\/1\.[01] 101/.test(first.toString("latin1", 0, 12));
    passAll(link, link.reader.resume(isUpgraded)).catch(() => link.client.destroy());
  });
}

/** Writes and waits while the receiver is slow. */
async function write(socket: net.Socket | undefined, bytes: Buffer): Promise<void> {
  if (!socket || socket.destroyed || socket.write(bytes)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      socket.off("drain", done);
      socket.off("close", done);
      resolve();
    };
    socket.once("drain", done);
    socket.once("close", done);
  });
}

function answer(link: Link, status: string, why: string): void {
  const body = `heddle dev: ${why}\n`;
  link.upstream?.unpipe(link.client);
  link.client.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
