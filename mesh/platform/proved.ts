// Calls that leave the mesh, and answers to those that come from outside of it, proved by HTTP signatures and never sent
// bare. A module of its own, loaded by the first of them.
import type { Reason } from "../contract/reasons.ts";
import type { Endpoint } from "../contract/service.ts";
import type { TrustChunk } from "../contract/trust.ts";
import { contentDigest } from "../identity/outward/content-digest.ts";
import { believeRequest, believeResponse } from "../identity/outward/trusted.ts";
import {
  ACCEPT_SIGNATURE,
  ASK_FOR_PROOF,
  asksForProof,
  IDENTITY_TOKEN,
  proveRequest,
  proveResponse,
  type Message,
  type Signer,
} from "../identity/outward/wimse.ts";
import { MOST_HELD_BYTES } from "../pipeline/body.ts";
import type { Keeper } from "../pipeline/isolate.ts";
import type { Outward, OutwardHome, SentRequest, ShownRequest } from "../pipeline/late.ts";
import { problem } from "../pipeline/problem.ts";
import { freshNonce, now } from "./clock.ts";
import { sendBare, type SendOut } from "./external.ts";
import { createSigner, type SignerOf } from "./workload-token.ts";

const DIGEST = "content-digest";

/** Calls and answers with this workload's proof. */
export interface Proved extends Pick<Outward, "proveAnswer" | "believe"> {
  send(endpoint: Endpoint, keeper: Keeper, ...sent: Parameters<SendOut>): Promise<Response>;
}

export function createProved({ control, known, trust }: OutwardHome): Proved {
  const signerOf = createSigner(control);
  return {
    async send(endpoint, keeper, given, init, headers) {
      const body = await bytesOf(init.body ?? null, headers["content-length"]);
      // Everything that carries meaning is covered: a body that cannot be is not sent.
      if (body === undefined) return refusal("bad_argument");
      const signer = await signerOf(keeper);
      if (signer === null) return refusal("no_keys");
      const { href } = new URL(given);
      const wantsProof = endpoint.answer !== undefined;
      if (wantsProof) headers[ACCEPT_SIGNATURE] = ASK_FOR_PROOF;
      const request = await sign(init.method ?? "GET", href, headers, body, { signer, wantsProof });
      const response = await sendBare(href, body === null ? init : { ...init, body }, headers);
      return endpoint.answer === undefined
        ? response
        : checked(response, request, endpoint.answerer, trust(), known.revoked);
    },
    proveAnswer: (request, response, keeper) => proveAnswer(signerOf, request, response, keeper),
    believe: (request, admitNonce) => believe(trust(), request, admitNonce),
  };
}

/** Of one hop, as the token is. */
const OF_ONE_HOP = [IDENTITY_TOKEN, "signature", "signature-input", ACCEPT_SIGNATURE];

async function believe(
  known: TrustChunk | null,
  request: Request,
  admitNonce: (nonce: string) => boolean,
): Promise<ShownRequest | string> {
  if (known === null) return "no other trust domain is known";
  const { url, method } = request;
  const given = Object.fromEntries(request.headers);
  const body = await bytesOf(request.body, given["content-length"]);
  if (body === undefined) return "the body is too long to be covered";
  const whole = toMessage(method, url, given);
  const sent = body === null ? whole : { ...whole, body };
  const { host } = new URL(url);
  const believed = await believeRequest(known, sent, host, now(), admitNonce);
  if ("fault" in believed) return believed.fault;
  const headers = new Headers(request.headers);
  for (const name of OF_ONE_HOP) headers.delete(name);
  return {
    subject: believed.subject,
    sent,
    request: new Request(request, body === null ? { headers } : { headers, body }),
    wantsProof: asksForProof(given[ACCEPT_SIGNATURE] ?? null, given["signature-input"] ?? null),
  };
}

/** Puts proof and digest among the headers; the application's own signatures stay beside. Answers what was signed. */
async function sign(
  method: string,
  url: string,
  headers: Record<string, string>,
  body: Uint8Array<ArrayBuffer> | null,
  { signer, wantsProof }: { readonly signer: Signer; readonly wantsProof: boolean },
): Promise<Message> {
  delete headers[IDENTITY_TOKEN];
  if (body !== null && body.length > 0) headers[DIGEST] = await contentDigest(body);
  const bare = toMessage(method, url, headers);
  const message = body === null ? bare : { ...bare, body };
  const nowS = Math.floor(now() / 1000);
  const proof = await proveRequest(message, signer, nowS, freshNonce(), { wantsProof });
  for (const [name, value] of proof)
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  return toMessage(method, url, headers);
}

/** The answer, its body read; refused where it is not proved, or by somebody who is revoked. */
async function checked(
  response: Response,
  request: Message,
  answerer: string | undefined,
  known: TrustChunk | null,
  revoked: ReadonlySet<string>,
): Promise<Response> {
  const body = await readShort(response);
  if (body === null || known === null) return refusal("bad_answer");
  const message: Message = {
    status: response.status,
    headers: [...response.headers],
    body,
    request,
  };
  const believed = await believeResponse(known, message, answerer, now());
  if ("fault" in believed || revoked.has(believed.subject)) return refusal("bad_answer");
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
  const message: Message = { status, headers: [...headers], body, request: sent };
  const proof = await proveResponse(message, signer, Math.floor(now() / 1000), freshNonce());
  for (const [name, value] of proof) headers.set(name, value);
  return new Response(hasNoBody(response) ? null : body, { status, headers });
}

/** As the other side reads it. */
function toMessage(method: string, url: string, given: Record<string, string>): SentRequest {
  const headers = Object.entries(given);
  const { host, protocol } = new URL(url);
  return {
    method,
    // As it stands in the URL: an empty query is one.
    target: url.slice(url.indexOf("/", protocol.length + 2)).replace(/#.*/, ""),
    scheme: protocol === "http:" ? "http" : "https",
    headers: [...headers.filter(([name]) => name !== "host"), ["host", host]],
  };
}

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
const refusal = (reason: Reason): Response => problem(reason, "", true);
