// A control for tests of the CLI: answers what it is told to, keeps what it was asked.
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import type { Io } from "../../cli/io.ts";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

export interface Reply {
  readonly status?: number;
  readonly body: unknown;
  /** Sent in place of the body's JSON. */
  readonly raw?: string;
}

export interface FakeControl {
  readonly url: string;
  readonly asked: readonly Asked[];
  readonly close: () => Promise<void>;
}

/** Starts a control whose answers come from `answer`. */
export async function startFakeControl(answer: (asked: Asked) => Reply): Promise<FakeControl> {
  const asked: Asked[] = [];
  const server: Server = createServer((request, response) => {
    void (async () => {
      const hasBody = request.headers["content-type"] === "application/json";
      const one: Asked = {
        method: request.method ?? "",
        path: request.url ?? "",
        authorization: request.headers.authorization,
        body: hasBody ? await json(request) : undefined,
      };
      asked.push(one);
      const { status = 200, body, raw } = answer(one);
      response.writeHead(status, { "content-type": "application/json" });
      response.end(raw ?? JSON.stringify(body));
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

export interface Captured extends Io {
  readonly stdout: () => string;
  readonly stderr: () => string;
}

/** An Io that keeps what is written to it. */
export function captureIo(over: Partial<Io> & { readonly input?: string } = {}): Captured {
  let out = "";
  let err = "";
  const { input = "", ...rest } = over;
  return {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    stdin: () => Promise.resolve(input),
    env: {},
    cwd: "/",
    hasColor: false,
    onStop: () => undefined,
    ...rest,
    stdout: () => out,
    stderr: () => err,
  };
}
