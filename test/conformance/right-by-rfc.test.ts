// Two vectors ask for a token to be refused that the RFCs call right: docs/adr/0004. Judged here by the text of the
// RFCs and node:crypto, without our verifier.
import { createHmac } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const FILE = path.join(import.meta.dirname, "../../../shared/conformance/jwt/wycheproof-jws.json");

interface Vectors {
  readonly keys: Readonly<Record<string, { readonly k?: string }>>;
  readonly cases: readonly Vector[];
}
interface Vector {
  /** Some stand in JSON form. */
  readonly jws: unknown;
  readonly alg: string;
  readonly key: string;
  readonly level: string;
  readonly verdict: string;
}

/** RFC 7515 §2: base64url without padding; and one text for one value, as RFC 4648 §3.5 advises. */
const isCanonical = (text: string): boolean =>
  Buffer.from(text, "base64url").toString("base64url") === text;

/** RFC 7515 §5.2 for HS256, step by step: three parts, a header that is an object with this `alg`, and the MAC of both. */
function isRight({ jws }: Vector, k: string): boolean {
  const parts = typeof jws === "string" ? jws.split(".") : [];
  const [header = "", payload = "", signature = ""] = parts;
  if (parts.length !== 3 || !parts.every(isCanonical)) return false;
  const key = Buffer.from(k, "base64url");
  const mac = createHmac("sha256", key).update(`${header}.${payload}`).digest("base64url");
  if (mac !== signature) return false;
  const { alg, crit } = JSON.parse(Buffer.from(header, "base64url").toString()) as {
    readonly alg?: unknown;
    readonly crit?: unknown;
  };
  return alg === "HS256" && crit === undefined;
}

test.skipIf(!existsSync(FILE))("of the HS256 vectors to refuse, two texts alike are right", () => {
  const { keys, cases } = JSON.parse(readFileSync(FILE, "utf8")) as Vectors;
  const judged = cases
    .filter(({ alg }) => alg === "HS256")
    .map((one) => ({ ...one, isRight: isRight(one, keys[one.key]?.k ?? "") }));
  const refused = judged.filter(({ verdict, isRight }) => verdict === "reject" && isRight);
  expect(refused).toHaveLength(2);
  expect(new Set(refused.map(({ jws }) => jws)).size).toBe(1);
  // Nothing of them is their own: such a header and such a payload stand in vectors to accept.
  const accepted = judged.flatMap(({ verdict, jws }) =>
    verdict === "accept" ? [String(jws).split(".")] : [],
  );
  for (const at of [0, 1])
    expect(accepted.map((parts) => parts[at])).toContain(String(refused[0]?.jws).split(".")[at]);
  const taken = judged.filter(({ level, verdict }) => level === "must" && verdict === "accept");
  expect(taken.map((one) => one.isRight)).toEqual(taken.map(() => true));
});
