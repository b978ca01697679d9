// Owns a plain Node origin of a third domain: it verifies what it is asked with, and proves what it answers.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import {
  ACCEPT_SIGNATURE,
  asksForProof,
  contentDigest,
  createBundleSource,
  importSignatureKey,
  proveResponse,
  verifyRequest,
  type Message,
  type Signer,
} from "../../mesh/identity.ts";

/** A running origin. */
export interface Origin {
  readonly server: Server;
  readonly url: string;
  readonly key: Readonly<Record<string, unknown>>;
  readonly signer: Signer;
  readonly seen: string[];
  /** Keys that the tokens it was shown were signed with. */
  readonly kids: Set<string>;
  answersBare: boolean;
}

/** Starts it on loopback; whom it believes is in the bundle at the URL. */
export async function startOrigin(bundleUrl: string): Promise<Origin> {
  const source = createBundleSource({ url: bundleUrl });
  const issuer = await generateKeyPair("ES256", { extractable: true });
  const held = await generateKeyPair("ES256", { extractable: true });
  const sub = "spiffe://three.example/origin";
  const claims = { sub, cnf: { jwk: { ...(await exportJWK(held.publicKey)), alg: "ES256" } } };
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: "ES256", kid: "o1", typ: "wit+jwt" })
    .setIssuedAt()
    .setExpirationTime("10m")
    .sign(issuer.privateKey);
  const secret = (await exportJWK(held.privateKey)) as JsonWebKey;
  const key = await importSignatureKey("ecdsa-p256-sha256", secret, "sign");
  if (key === null) throw new Error("no key");
  const nonces = new Set<string>();
  const made = {
    key: { ...(await exportJWK(issuer.publicKey)), kid: "o1", use: "wit-svid" },
    signer: { token, key },
    seen: [] as string[],
    kids: new Set<string>(),
    answersBare: false,
    url: "",
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Uint8Array[] = [];
    for await (const part of request) parts.push(part as Uint8Array);
    const message: Message = {
      method: request.method ?? "",
      target: request.url ?? "",
      scheme: "http",
      headers: Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      body: Buffer.concat(parts),
    };
    made.kids.add(kidOf(String(request.headers["workload-identity-token"])));
    const bundle = await source.current();
    const verdict = await verifyRequest(message, {
      bundles: new Map(bundle === null ? [] : [["one.example", bundle]]),
      nowS: Math.floor(Date.now() / 1000),
      isAudience: (audience) => audience.startsWith(`${made.url}/`),
      admitNonce: (nonce) => !nonces.has(nonce) && nonces.add(nonce).has(nonce),
    });
    made.seen.push(verdict.ok ? verdict.subject : verdict.reason);
    const body = verdict.ok ? `hello ${verdict.subject}` : "who?";
    const headers: [string, string][] = [["content-digest", await contentDigest(body)]];
    const status = verdict.ok ? 200 : 401;
    const isAsked = isAskedFor(request.headers);
    if (isAsked === null) made.seen.push("asks in one way only");
    const proof =
      isAsked === true && !made.answersBare
        ? await proveResponse(
            { status, headers, body, request: message },
            made.signer,
            Math.floor(Date.now() / 1000),
            crypto.randomUUID(),
          )
        : [];
    response.writeHead(status, Object.fromEntries([...headers, ...proof])).end(body);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  made.url = `http://127.0.0.1:${port}`;
  return Object.assign(made, { server });
}

/** Said twice: by the header of RFC 9421, and by the signature itself as the profile has it; null where only once. */
function isAskedFor(headers: IncomingMessage["headers"]): boolean | null {
  const { [ACCEPT_SIGNATURE]: accepted, "signature-input": input } = headers;
  const bySignature = asksForProof(null, String(input ?? ""));
  return bySignature === asksForProof(String(accepted ?? "")) ? bySignature : null;
}

const kidOf = (token: string): string =>
  String(
    (JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()) as { kid?: string })
      .kid,
  );
