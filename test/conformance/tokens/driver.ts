// Tokens, SPIFFE ids, trust bundles and their transport, against `heddle/identity`.
import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type JsonWebKey as Jwk,
} from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { calculateJwkThumbprint } from "jose";
import {
  bearerOf,
  parseBundle,
  parseSpiffeId,
  verifyJws,
  verifyToken,
  type TokenRules,
  type TrustBundle,
} from "../../../mesh/identity.ts";
import type { Driver, SchemaFile } from "../driver.ts";
import type { CaseResult } from "../results.ts";
import { sequences } from "./sequences.ts";
import { type Answer, casesOf, compared, isOpen, type Json, tableDriver } from "./table.ts";

/** The keys that lie beside the case files; a `keys.json` has no schema and is no case file. */
function keysBeside({ file }: SchemaFile): Json {
  return JSON.parse(readFileSync(path.join(path.dirname(file), "keys.json"), "utf8")) as Json;
}

const bundlesOf = (given: unknown): ReadonlyMap<string, TrustBundle> =>
  new Map(
    Object.entries(given as Json).flatMap(([domain, document]) => {
      const bundle = parseBundle(document);
      return bundle === null ? [] : [[domain, bundle] as const];
    }),
  );

const EDDSA = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
];

export async function judge(token: string, rules: TokenRules): Promise<Answer> {
  const verdict = await verifyToken(token, rules);
  return verdict.ok
    ? { verdict: "accept", reason: "valid" }
    : { verdict: "reject", reason: verdict.reason };
}

export const tokens: Driver = tableDriver(async function* (file) {
  const { verifier, now } = file.document as {
    verifier: { audience: string; leeway_s: number };
    now: number;
  };
  const keys = keysBeside(file);
  const plain = bundlesOf(keys["bundles"]);
  const withEddsa = bundlesOf(keys["bundles_with_eddsa"]);
  for (const given of casesOf(file)) {
    const verify = (given["verify"] ?? {}) as { leeway_s?: number; max_lifetime_s?: number };
    const isEddsa = given["profile"] === "mesh-eddsa";
    const token = (given["token"] as string | undefined) ?? (await generated(given));
    yield compared(
      given,
      await judge(token, {
        bundles: isEddsa ? withEddsa : plain,
        audience: verifier.audience,
        nowS: now,
        leewayS: verify.leeway_s ?? verifier.leeway_s,
        ...(verify.max_lifetime_s === undefined ? {} : { maxLifetimeS: verify.max_lifetime_s }),
        ...(isEddsa ? { algorithms: EDDSA } : {}),
      }),
      true,
    );
  }
});

/** A token too large to be kept: made by its recipe, of the size that the data names. */
async function generated({ token_generated, header, claims }: Json): Promise<string> {
  const { bytes } = token_generated as { bytes: number };
  const encode = (part: unknown): string =>
    Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");
  const start = `${encode(header)}.${encode(claims)}`;
  return `${start}${"A".repeat(Math.max(0, bytes - start.length - 87))}.${"A".repeat(86)}`;
}

export const spiffeIds: Driver = tableDriver(async function* (file) {
  for (const given of casesOf(file))
    yield compared(given, idAnswer(String(given["spiffe_id"])), true);
  const { trust_domain_allowed, path_segment_allowed } = file.document["charset"] as Record<
    string,
    string
  >;
  for (let code = 0; code < 256; code++) {
    const char = String.fromCodePoint(code);
    if (char === "/") continue;
    yield charset(
      `trust domain with U+${code.toString(16)}`,
      `spiffe://trustdomain${char}/path`,
      trust_domain_allowed?.includes(char) === true,
    );
    yield charset(
      `path with U+${code.toString(16)}`,
      `spiffe://trustdomain/path${char}`,
      path_segment_allowed?.includes(char) === true,
    );
  }
});

function charset(id: string, text: string, isAllowed: boolean): CaseResult {
  return compared({ id, verdict: isAllowed ? "accept" : "reject" }, idAnswer(text), false);
}

function idAnswer(text: string): Answer {
  const parsed = parseSpiffeId(text);
  return typeof parsed === "string"
    ? { verdict: "reject", reason: parsed }
    : { verdict: "accept", reason: "valid" };
}

export const bundles: Driver = tableDriver(async function* (file) {
  const { now, audience } = file.document as { now: number; audience: string };
  const rules = (held: TrustBundle | null): TokenRules => ({
    bundles: new Map(held === null ? [] : [["mesh.test", held]]),
    audience,
    nowS: now,
  });
  for (const given of casesOf(file))
    yield compared(
      given,
      await judge(String(given["token"]), rules(parseBundle(given["bundle"]))),
      false,
    );
  yield* sequences(file, (token, held) => judge(token, rules(held)));
});

export const transport: Driver = tableDriver(async function* (file) {
  const keys = keysBeside(file);
  const attack = JSON.parse(
    readFileSync(path.join(path.dirname(file.file), "jwt-attack-cases.json"), "utf8"),
  ) as { cases: readonly Json[]; verifier: { audience: string }; now: number };
  const token = String(attack.cases.find(({ verdict }) => verdict === "accept")?.["token"]);
  const rules: TokenRules = {
    bundles: bundlesOf(keys["bundles"]),
    audience: attack.verifier.audience,
    nowS: attack.now,
  };
  for (const given of casesOf(file)) {
    const headers = given["request_headers"] as readonly (readonly [string, string])[];
    const values = headers
      .filter(([name]) => name.toLowerCase() === "authorization")
      .map(([, value]) =>
        value
          .replaceAll("{{token}}", token)
          .replaceAll("{{attacker_token}}", `${token.slice(0, -4)}AAAA`),
      );
    const bearer = bearerOf(values);
    const answer: Answer =
      "fault" in bearer
        ? { verdict: "reject", reason: bearer.fault }
        : await judge(bearer.token, rules);
    yield compared(given, answer, given["verdict"] === "reject");
  }
});

export const jws: Driver = tableDriver(async function* (file) {
  const keys = file.document["keys"] as Readonly<Record<string, Parameters<typeof verifyJws>[1]>>;
  for (const given of casesOf(file)) {
    const compact = typeof given["jws"] === "string" ? given["jws"] : JSON.stringify(given["jws"]);
    const fault = await verifyJws(compact, keys[String(given["key"])] ?? { keys: [] });
    yield compared(
      given,
      fault === null
        ? { verdict: "accept", reason: "valid" }
        : { verdict: "reject", reason: fault },
      false,
    );
  }
});

export const vectors: Driver = tableDriver(async function* (file) {
  for (const given of casesOf(file)) {
    const isRight = await holds(given);
    if (isOpen(given)) continue;
    // What says no verdict is to come out as it is written; an unsecured token, say, is to be refused.
    yield compared(
      { id: given["id"], title: given["what"], verdict: given["verdict"] ?? "accept" },
      { verdict: isRight ? "accept" : "reject", reason: "vector" },
      false,
    );
  }
});

async function holds(given: Json): Promise<boolean> {
  const jwk = given["jwk"] as Parameters<typeof calculateJwkThumbprint>[0];
  if (typeof given["thumbprint"] === "string")
    return (await calculateJwkThumbprint(jwk)) === given["thumbprint"];
  if (typeof given["jws"] === "string") {
    const alg = (
      JSON.parse(Buffer.from(given["jws"].split(".")[0] ?? "", "base64url").toString()) as {
        alg: string;
      }
    ).alg;
    return (await verifyJws(given["jws"], { ...jwk, alg })) === null;
  }
  return typeof given["z_hex"] === "string" && shared(given) === given["z_hex"];
}

function shared({ private_jwk, public_jwk }: Json): string {
  const { d: _, ...open } = public_jwk as Jwk;
  const privateKey = createPrivateKey({ key: private_jwk as Jwk, format: "jwk" });
  const publicKey = createPublicKey({ key: open, format: "jwk" });
  return diffieHellman({ privateKey, publicKey }).toString("hex");
}
