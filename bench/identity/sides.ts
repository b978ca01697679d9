// What runs in the two Workers of a case: one side makes proofs and checks answers, the other verifies and answers.
import type { KeySet } from "../../mesh/contract/identity.ts";
import { HEDDLE, HEDDLE_ANSWER } from "../../mesh/contract/headers.ts";
import { digestOf, EMPTY_DIGEST } from "../../mesh/identity/digest.ts";
import { createKeyring } from "../../mesh/identity/keyring.ts";
import { checkHere } from "../../mesh/identity/outward/check.ts";
import { parseBundle } from "../../mesh/identity/outward/bundle.ts";
import { importSignatureKey } from "../../mesh/identity/outward/signature-key.ts";
import { proveRequest, verifyRequestBy, type Message } from "../../mesh/identity/outward/wimse.ts";
import { isBodyProved } from "../../mesh/identity/request.ts";
import {
  NOTHING,
  type CoveredFields,
  type Isolate,
  type ProofBox,
} from "../../mesh/pipeline/isolate.ts";
import { createProofBox } from "../../mesh/platform/proof-box.ts";
import { requestProofs } from "../../mesh/platform/request-proofs.ts";
import type { WholeLate } from "../../mesh/platform/late.ts";

/** What a call is proved by; `none` and `post` are calls without any. */
export type Kind = "none" | "post" | "session" | "request" | "body" | "wimse";

/** Everything a side is told. */
export interface Setup {
  readonly kind: Kind;
  /** Headers are there as ever, but made once and read by nobody. */
  readonly isHollow: boolean;
  readonly trustDomain: string;
  readonly caller: string;
  readonly callee: string;
  readonly keys: KeySet;
  readonly token: string;
  readonly tokenKey: JsonWebKey;
  readonly bundle: unknown;
}

interface Binding {
  fetch(url: string, init: RequestInit): Promise<Response>;
}

const URL_OF_CALLEE = "http://callee/items/42";
const BODY = JSON.stringify({ items: "a thing of some length; ".repeat(42) });
const encoder = new TextEncoder();
const isPost = (kind: Kind): boolean => kind === "post" || kind === "body";
const AUTHORITY = "callee";

const boxOf = ({ trustDomain, keys }: Setup, workload: string): ProofBox => {
  const ring = createKeyring(trustDomain, workload);
  ring.join(keys);
  return createProofBox(ring, () => ({ requests: requestProofs }) as WholeLate);
};

const covered = (digest: string, method: string): CoveredFields => ({
  method,
  authority: AUTHORITY,
  path: "/items/42",
  query: "",
  context: CONTEXT,
  contentType: method === "GET" ? "" : "application/json",
  digest,
});
/** As long as a context is. */
const CONTEXT = "1~4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03~~14999~16~1~1~2~~";

/** Makes one call; throws where an answer that has to be proved is not. */
export async function createCaller(setup: Setup): Promise<(to: Binding) => Promise<Response>> {
  const { kind, isHollow } = setup;
  const sign = await signerOf(setup);
  let hollow: Signed | null = null;
  return async (to) => {
    const init: RequestInit = isPost(kind) ? { method: "POST", body: BODY } : {};
    const made = hollow ?? sign();
    // As filters do: nothing is awaited that need not be.
    const { headers, check } = made instanceof Promise ? await made : made;
    if (isHollow) hollow ??= { headers, check: null };
    const plain = isPost(kind) ? JSON_HEADERS : GET_HEADERS;
    const response = await to.fetch(URL_OF_CALLEE, { ...init, headers: { ...plain, ...headers } });
    if (check?.(response) === false) throw new Error("the answer is not proved");
    return response;
  };
}

const GET_HEADERS = { accept: "application/json" };
const JSON_HEADERS = { accept: "application/json", "content-type": "application/json" };

interface Signed {
  readonly headers: Readonly<Record<string, string>>;
  readonly check: ((response: Response) => boolean) | null;
}
const BARE: Signed = { headers: {}, check: null };

async function signerOf(setup: Setup): Promise<() => Promise<Signed> | Signed> {
  const { kind, callee } = setup;
  if (kind === "none" || kind === "post") return () => BARE;
  if (kind === "wimse") return wimseSigner(setup);
  const box = boxOf(setup, setup.caller);
  return () => {
    const isSession = kind === "session";
    const digest = kind === "body" ? digestOf(encoder.encode(BODY)) : EMPTY_DIGEST;
    const fields = isSession ? NOTHING : covered(digest, kind === "body" ? "POST" : "GET");
    const minted = box.mint(callee, isSession ? "session" : "request", fields, Date.now(), false);
    if (minted === null) throw new Error("no key");
    const { checkAnswer, text } = minted;
    return {
      headers: { [HEDDLE]: `${CONTEXT}|${text}` },
      check:
        checkAnswer === undefined
          ? null
          : ({ headers, status }) =>
              checkAnswer(headers.get(HEDDLE_ANSWER), status, headers.get("content-type") ?? "") !==
              null,
    };
  };
}

async function wimseSigner({ token, tokenKey }: Setup): Promise<() => Promise<Signed>> {
  const key = await importSignatureKey("ecdsa-p256-sha256", tokenKey, "sign");
  if (key === null) throw new Error("no key");
  return async () => {
    const proof = await proveRequest(
      messageOf([...Object.entries(GET_HEADERS), ["host", AUTHORITY]]),
      { token, key },
      Math.floor(Date.now() / 1000),
      crypto.randomUUID(),
    );
    return { headers: Object.fromEntries(proof), check: null };
  };
}

const messageOf = (headers: Message["headers"]): Message => ({
  method: "GET",
  target: "/items/42",
  scheme: "http",
  headers,
});

/** Verifies one request and gives the answer its proof; throws where it is not proved. */
export function createCallee(
  setup: Setup,
): (request: Request, answer: Response) => Promise<Response> {
  const { kind, isHollow } = setup;
  if (kind === "none" || kind === "post")
    return async (request, answer) => read(kind, request, answer);
  const verify = kind === "wimse" ? wimseVerifier(setup) : meshVerifier(setup);
  let hollow: string | null = null;
  // Both ways await as much.
  const pass: Verify = async (request, answer) => {
    if (hollow !== null && hollow !== "") answer.headers.set(HEDDLE_ANSWER, hollow);
    return read(kind, request, answer);
  };
  return async (request, answer) => {
    const proved = await (hollow === null ? verify : pass)(request, answer);
    if (isHollow) hollow ??= proved.headers.get(HEDDLE_ANSWER) ?? "";
    return proved;
  };
}

async function read(kind: Kind, request: Request, answer: Response): Promise<Response> {
  if (isPost(kind)) await request.arrayBuffer();
  return answer;
}

type Verify = (request: Request, answer: Response) => Promise<Response>;

function meshVerifier(setup: Setup): Verify {
  const { kind, caller, callee } = setup;
  const box = boxOf(setup, callee);
  const level = kind === "session" ? "session" : "request";
  return async (request, answer) => {
    const envelope = request.headers.get(HEDDLE) ?? "";
    const proof = envelope.slice(envelope.indexOf("|") + 1);
    const nowMs = Date.now();
    const known = box.recall(proof, level, nowMs);
    if (known !== null) return answer;
    const verified = box.verify(
      proof,
      () => caller,
      level,
      () => covered("", request.method),
      nowMs,
    );
    if (typeof verified === "string") throw new Error(verified);
    box.accept(proof, verified, nowMs);
    if (verified.request === undefined) return answer;
    if (box.admitNonce(verified.request.mac, true, nowMs) !== null) throw new Error("replay");
    if (
      kind === "body" &&
      !isBodyProved(verified.request.digest, new Uint8Array(await request.arrayBuffer()))
    )
      throw new Error("another body");
    return await verified.request.prove(answer, answer.status, { request, isolate: BODILESS });
  };
}

/** As much of an isolate as proving an answer asks: of a table that says nothing of bodies. */
const BODILESS = { table: () => null } as unknown as Isolate;

function wimseVerifier({ trustDomain, bundle }: Setup): Verify {
  const held = parseBundle(bundle, "wit-svid");
  if (held === null) throw new Error("no bundle");
  const bundles = new Map([[trustDomain, held]]);
  return async (request, answer) => {
    const headers = [...request.headers].filter(([name]) => name !== "host");
    const message = messageOf([...headers, ["host", AUTHORITY]]);
    const nowS = Math.floor(Date.now() / 1000);
    const verdict = await verifyRequestBy(checkHere, message, {
      bundles,
      nowS,
      admitNonce: () => true,
      isAudience: (audience) => new URL(audience).host === AUTHORITY,
    });
    if (!verdict.ok) throw new Error(verdict.reason);
    return answer;
  };
}
