// Calls that leave the mesh, and answers to those that come from outside of it: proved by HTTP signatures where that is
// asked, and then never sent bare.
import { REASONS, type Reason } from "../contract/reasons.ts";
import type { Endpoint } from "../contract/table.ts";
import { contentDigest } from "../identity/outward/content-digest.ts";
import { believeResponse } from "../identity/outward/trusted.ts";
import {
  ACCEPT_SIGNATURE,
  ASK_FOR_PROOF,
  proveRequest,
  proveResponse,
  type Message,
} from "../identity/outward/wimse.ts";
import { MOST_HELD_BYTES } from "../pipeline/body.ts";
import type { Keeper } from "../pipeline/isolate.ts";
import type { Outward, OutwardHome, SentRequest } from "../pipeline/late.ts";
import { problem } from "../pipeline/problem.ts";
import { freshNonce, now } from "./clock.ts";
import { externalTo, sendBare, type SendOut } from "./external.ts";
import { createSigner, type SignerOf } from "./workload-token.ts";

const DIGEST = "content-digest";

/** An isolate's way out. */
export function createOutward({ control, trust }: OutwardHome): Outward {
  const signerOf = createSigner(control);
  return {
    bind: (endpoint, keeper) =>
      externalTo(
        endpoint.url ?? "",
        endpoint.identity === undefined
          ? sendBare
          : (...sent) => sendProved({ signerOf, trust, endpoint, keeper }, ...sent),
      ),
    proveAnswer: (request, response, keeper) => proveAnswer(signerOf, request, response, keeper),
  };
}

interface Way extends Pick<OutwardHome, "trust"> {
  readonly signerOf: SignerOf;
  readonly endpoint: Endpoint;
  readonly keeper: Keeper;
}

/** Everything that carries meaning is covered: a body that cannot be is not sent. */
async function sendProved(
  { signerOf, trust, endpoint, keeper }: Way,
  given: string,
  init: RequestInit,
  headers: Record<string, string>,
): Promise<Response> {
  const body = await bytesOf(init.body ?? null, headers["content-length"]);
  if (body === undefined) return refusal("bad_argument");
  const signer = await signerOf(keeper);
  if (signer === null) return refusal("no_keys");
  const url = new URL(given);
  const isAsked = endpoint.answer !== undefined;
  if (body !== null && body.length > 0) headers[DIGEST] = await contentDigest(body);
  if (isAsked) headers[ACCEPT_SIGNATURE] = ASK_FOR_PROOF;
  const message = toMessage({
    method: init.method ?? "GET",
    url: url.href,
    headers: Object.entries(headers),
  });
  const proof = await proveRequest(
    withBody(message, body),
    signer,
    (now() / 1000) | 0,
    freshNonce(),
  );
  // The application's own signatures stay beside.
  for (const [name, value] of proof)
    headers[name] =
      name in headers && name !== proof[0]?.[0] ? `${headers[name]}, ${value}` : value;
  const response = await sendBare(url.href, body === null ? init : { ...init, body }, headers);
  if (!isAsked) return response;
  const request = { ...message, headers: [...message.headers, ...proof] };
  return checked(response, request, endpoint.answerer, trust);
}

/** The answer, its body read; refused where it is not proved. */
async function checked(
  response: Response,
  request: Message,
  answerer: string | undefined,
  trust: Way["trust"],
): Promise<Response> {
  const body = await readShort(response);
  const known = trust();
  if (body === null || known === null) return refusal("bad_answer");
  const message: Message = {
    status: response.status,
    headers: [...response.headers],
    body,
    request,
  };
  const believed = await believeResponse(known, message, answerer, now());
  if ("fault" in believed) return refusal("bad_answer");
  return new Response(hasNoBody(response) ? null : body, response);
}

async function proveAnswer(
  signerOf: SignerOf,
  sent: SentRequest,
  response: Response,
  keeper: Keeper,
): Promise<Response | null> {
  const [body, signer] = [await readShort(response), await signerOf(keeper)];
  if (body === null || signer === null) return null;
  const headers = new Headers(response.headers);
  if (body.length > 0) headers.set(DIGEST, await contentDigest(body));
  const { status } = response;
  const message: Message = { status, headers: [...headers], body, request: toMessage(sent) };
  const proof = await proveResponse(message, signer, Math.floor(now() / 1000), freshNonce());
  for (const [name, value] of proof) headers.set(name, value);
  return new Response(hasNoBody(response) ? null : body, { status, headers });
}

/** As the other side reads it. */
export function toMessage({ method, url, headers }: SentRequest): Message {
  const { host, pathname, search, protocol } = new URL(url);
  return {
    method,
    target: pathname + search,
    scheme: protocol === "http:" ? "http" : "https",
    headers: [...headers.filter(([name]) => name !== "host"), ["host", host]],
  };
}

const withBody = (message: Message, body: Uint8Array | null): Message =>
  body === null ? message : { ...message, body };

const hasNoBody = ({ status, body }: Response): boolean =>
  body === null || status === 204 || status === 304;

/** Undefined for a body that is too long to be held, or of unknown length. */
async function bytesOf(
  body: BodyInit | null,
  length: string | undefined,
): Promise<Uint8Array<ArrayBuffer> | null | undefined> {
  if (body === null) return null;
  const isStream = body instanceof ReadableStream;
  if (isStream && !(Number(length ?? Number.NaN) <= MOST_HELD_BYTES)) return undefined;
  const bytes = new Uint8Array(await new Response(body).arrayBuffer());
  return bytes.length <= MOST_HELD_BYTES ? bytes : undefined;
}

/** The body, empty for none; null where it is longer than what the mesh holds. */
async function readShort({ body }: Response): Promise<Uint8Array<ArrayBuffer> | null> {
  if (body === null) return new Uint8Array();
  const reader = (body as ReadableStream<Uint8Array<ArrayBuffer>>).getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.length;
    if (size > MOST_HELD_BYTES) {
      await reader.cancel();
      return null;
    }
    parts.push(part.value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** Read as a refusal by who sent the call; nothing of it left the mesh, or nothing of the answer is believed. */
const refusal = (reason: Reason): Response => {
  if (REASONS[reason].status < 400) throw new TypeError(`${reason} is no refusal`);
  return problem(reason, "", true);
};
