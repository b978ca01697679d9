// Plays a sequence that is told in words: bundles of lettered keys that arrive one after the other, and what is to come
// of a token by one of them. The keys are made here.
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { newerBundle, parseBundle, type TrustBundle } from "../../../mesh/identity.ts";
import type { Answer, Json } from "./table.ts";

/** A bundle that arrives, or a token by a key and its verdict. */
type Step =
  | { readonly keys: readonly string[]; readonly sequence: number | null }
  | { readonly key: string; readonly verdict: Answer["verdict"] };

type Judge = (token: string, held: TrustBundle | null) => Promise<Answer>;

const BUNDLE =
  /^(?:empty )?bundle(?: sequence (\d+))?(?: \{([A-Z, ]*)\})?(?: (?:loaded|arrives))?$/;
const TOKENS =
  /^(?:tokens? )?of ((?:[A-Z](?:, | and )?)+) (?:(?:is|are|still) )*(accept|reject)ed$/;

/** The steps of a case; null where one of them is about anything else. */
export function stepsOf({ steps }: Json): readonly Step[] | null {
  if (!Array.isArray(steps)) return null;
  const read = (steps as readonly unknown[]).map((step) => readStep(String(step)));
  return read.every((step) => step !== null) ? read.flat() : null;
}

function readStep(words: string): readonly Step[] | null {
  const bundle = BUNDLE.exec(words);
  if (bundle !== null) {
    const [, sequence, listed = ""] = bundle;
    return [
      { keys: lettersOf(listed), sequence: sequence === undefined ? null : Number(sequence) },
    ];
  }
  const clauses = words.split(/[,;] (?=(?:tokens? )?of )/).map((clause) => TOKENS.exec(clause));
  return clauses.some((clause) => clause === null)
    ? null
    : clauses.flatMap((clause) =>
        lettersOf(clause?.[1] ?? "").map(
          (key) => ({ key, verdict: clause?.[2] === "accept" ? "accept" : "reject" }) as const,
        ),
      );
}

const lettersOf = (text: string): readonly string[] => text.match(/[A-Z]/g) ?? [];

/** The claims of a token that is good at the time of the cases. */
export const claimsOf = (token: string): Json =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString() || "{}") as Json;

/** The verdict that was wanted and the first answer that is another; the last one where all are right. */
export async function played(
  steps: readonly Step[],
  claims: Json,
  judged: Judge,
): Promise<readonly [Answer["verdict"], Answer]> {
  const maker = createMaker(claims);
  let held: TrustBundle | null = null;
  let last: readonly [Answer["verdict"], Answer] | null = null;
  for (const step of steps) {
    if ("keys" in step) {
      const keys = await Promise.all(step.keys.map(async (name) => (await maker(name)).jwk));
      const arrived = parseBundle({
        keys,
        spiffe_sequence: step.sequence,
      });
      if (arrived === null) throw new Error("no bundle");
      held = newerBundle(held, arrived);
    } else {
      last = [step.verdict, await judged((await maker(step.key)).token, held)];
      if (last[1].verdict !== step.verdict) return last;
    }
  }
  if (last === null) throw new Error("no token is judged");
  return last;
}

/** Keys by their letters, each with a token; made when they are first asked for. */
function createMaker(claims: Json) {
  const made = new Map<string, Promise<{ readonly jwk: object; readonly token: string }>>();
  return (name: string) => {
    const known = made.get(name) ?? make(name, claims);
    made.set(name, known);
    return known;
  };
}

async function make(kid: string, claims: Json) {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const token = await new SignJWT({ ...claims })
    .setProtectedHeader({ alg: "ES256", kid, typ: "JWT" })
    .sign(privateKey);
  return { jwk: { ...(await exportJWK(publicKey)), kid, use: "jwt-svid" }, token };
}
