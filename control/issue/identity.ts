// Owns workload identity tokens: who asks is in the props, the key is the isolate's own, and Issuer signs.
import type { IdentityReply } from "../../mesh/contract/join.ts";
import { ISSUED_TOKEN } from "../../mesh/contract/state.ts";
import { toBase64url } from "../../mesh/identity/base64url.ts";
import { NAMELESS_MESH } from "../compile/compile.ts";
import type { Control } from "../control.ts";
import { isOut } from "./keys.ts";
import type { Memory } from "./memory.ts";

/** Life of a token. */
const LIFE_S = 600;
const COORDINATE = /^[A-Za-z0-9_-]{43}$/;
const encoder = new TextEncoder();

/** Gives tokens out, and tells of it once per workload and minute. */
export type IssueIdentity = (
  memory: Memory,
  control: Control,
  workload: string,
  key: unknown,
  tag?: string,
) => Promise<IdentityReply>;

export function createIssue(): IssueIdentity {
  let kid = "";
  const told = new Map<string, number>();

  /** The header names the key: where another has become active, what is signed is written anew. */
  async function sign({ issuer }: Control, payload: string): Promise<string> {
    for (let turn = 0; turn < TURNS; turn++) {
      const input = `${encode({ alg: "ES256", kid, typ: "wit+jwt" })}.${payload}`;
      const signed = await issuer.signToken(encoder.encode(input));
      if (signed.kid === kid) return `${input}.${toBase64url(signed.signature)}`;
      ({ kid } = signed);
    }
    throw new Error("the token key changes too fast");
  }

  function tell({ store, clock, waitUntil }: Control, workload: string): void {
    const minute = Math.floor(clock.now() / 60_000);
    if (told.get(workload) === minute) return;
    if (told.size >= MOST_TOLD) told.clear();
    told.set(workload, minute);
    const entry = { by: workload, action: ISSUED_TOKEN, status: 200, subject: workload };
    waitUntil(store.audit(entry).catch(() => undefined));
  }

  return async (memory, control, workload, key, tag = "") => {
    const jwk = publicKey(key);
    if (jwk === null)
      throw new Error("the key is not the public half of a P-256 key: send kty, crv, x and y only");
    const { table, revocations } = await memory.recall(control, 0);
    if (isOut(revocations, workload, tag)) throw new Error(`${workload} is revoked`);
    const trustDomain = table?.directory.trustDomain ?? NAMELESS_MESH.trustDomain;
    const iat = Math.floor(control.clock.now() / 1000);
    const claims = {
      sub: toSpiffeId(trustDomain, workload),
      iat,
      exp: iat + LIFE_S,
      jti: crypto.randomUUID(),
      cnf: { jwk },
    };
    const token = await sign(control, encode(claims));
    tell(control, workload);
    return { token, endMs: (iat + LIFE_S) * 1000 };
  };
}

const TURNS = 3;
const MOST_TOLD = 10_000;

const encode = (value: unknown): string => toBase64url(encoder.encode(JSON.stringify(value)));

/** `ns/name` as a SPIFFE id. */
export function toSpiffeId(trustDomain: string, workload: string): string {
  const [namespace, name] = workload.split("/");
  return `spiffe://${trustDomain}/ns/${namespace}/sa/${name}`;
}

/** Exactly the four members of a public P-256 key; anything more might be a secret. */
function publicKey(given: unknown): Readonly<Record<string, string>> | null {
  if (typeof given !== "object" || given === null) return null;
  const members = Object.entries(given).filter(([, value]) => value !== undefined);
  const { kty, crv, x, y } = Object.fromEntries(members) as Readonly<Record<string, unknown>>;
  if (members.length !== 4 || kty !== "EC" || crv !== "P-256") return null;
  if (typeof x !== "string" || typeof y !== "string") return null;
  return COORDINATE.test(x) && COORDINATE.test(y) ? { kty, crv, x, y, alg: "ES256" } : null;
}
