// Owns the control URL of a dev mesh: answers /dev/* itself, so that it works while control is down,
// and passes the rest on to control, as far as the faults let it.
import { hash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer, text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { Effect } from "./fault-board.ts";

/** What one path below /dev answers: JSON, or a problem. */
export type DevAnswer =
  | { readonly ok: true; readonly body: unknown }
  | { readonly ok: false; readonly status: number; readonly message: string };

export interface ControlServerOptions {
  /** 0 picks a free one. */
  readonly port: number;
  readonly token: string;
  /** Where control listens; undefined while it is not up. */
  readonly upstream: () => URL | undefined;
  /** What becomes of a request to control. */
  readonly effect: () => Effect;
  /** Answers `METHOD /dev/name`; undefined where there is no such thing. */
  readonly answerDev: (route: string, body: unknown) => Promise<DevAnswer> | undefined;
  /** Called when a change was made, before it is answered. */
  readonly onChange: () => Promise<void>;
}

export interface ControlServer {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Opens the control URL; rejects if the port is taken. */
export async function openControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const server = http.createServer((request, response) => {
    serve(options, request, response).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      if (response.headersSent) response.destroy();
      else problem(response, 502, `control does not answer: ${message}`);
    });
  });
  server.listen({ host: "127.0.0.1", port: options.port, exclusive: true });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(
  options: ControlServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [pathname = ""] = (request.url ?? "").split("?");
  if (pathname.startsWith("/dev/")) return serveDev(options, pathname, request, response);
  const effect = options.effect();
  if (effect.kind === "delay") await sleep(effect.ms);
  const upstream = options.upstream();
  if (!upstream || (effect.kind !== "none" && effect.kind !== "delay")) {
    const why = upstream ? "control is down (a fault of /dev/faults)" : "control is starting";
    return problem(response, 503, why);
  }
  return pass(options, upstream, request, response);
}

async function serveDev(
  { token, answerDev }: ControlServerOptions,
  pathname: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!isSame(request.headers.authorization ?? "", `Bearer ${token}`)) {
    return problem(response, 401, "this needs `Authorization: Bearer <token>` of this mesh");
  }
  const body = parse(await text(request));
  if (body instanceof SyntaxError) return problem(response, 400, `malformed JSON: ${body.message}`);
  const answer = await answerDev(`${request.method} ${pathname}`, body);
  if (!answer) return problem(response, 404, `there is no ${request.method} ${pathname}`);
  if (!answer.ok) return problem(response, answer.status, answer.message);
  json(response, 200, "application/json", answer.body);
}

/** Compares in a time that does not tell how much was right. */
const isSame = (given: string, wanted: string): boolean =>
  timingSafeEqual(hash("sha256", given, "buffer"), hash("sha256", wanted, "buffer"));

/** Empty is undefined. */
function parse(body: string): unknown {
  try {
    return body === "" ? undefined : (JSON.parse(body) as unknown);
  } catch (error) {
    return error;
  }
}

/** Passes a request on as it came, and the answer back once what it changed is in place. */
async function pass(
  { onChange }: ControlServerOptions,
  upstream: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { hostname, port } = upstream;
  const { method, url: path } = request;
  const onward = http.request({
    hostname,
    port,
    method,
    path,
    headers: request.headers,
    agent: false,
  });
  request.pipe(onward);
  response.once("close", () => onward.destroy());
  const [answer] = (await once(onward, "response")) as [IncomingMessage];
  onward.on("error", () => response.destroy());
  const status = answer.statusCode ?? 502;
  const isChange = method === "POST" || method === "PUT" || method === "DELETE";
  if (!isChange || status >= 300) {
    response.writeHead(status, answer.headers);
    answer.pipe(response);
    return;
  }
  // Read first: what follows a change may start control anew.
  const body = await buffer(answer);
  try {
    await onChange();
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    problem(response, 500, `control took the change, but the mesh could not follow it: ${said}`);
    return;
  }
  response.writeHead(status, answer.headers);
  response.end(body);
}

function problem(response: ServerResponse, status: number, detail: string): void {
  const title = http.STATUS_CODES[status] ?? "Error";
  json(response, status, "application/problem+json", {
    type: "about:blank",
    title,
    status,
    detail,
  });
}

function json(response: ServerResponse, status: number, type: string, body: unknown): void {
  response.writeHead(status, { "content-type": type });
  response.end(`${JSON.stringify(body)}\n`);
}
