// The player of told sequences, against a judge that knows which keys a bundle holds.
import { expect, it } from "vitest";
import { claimsOf, played, stepsOf } from "./tokens/played.ts";
import { parseBundle, type TrustBundle } from "../../mesh/identity.ts";
import type { Answer } from "./tokens/table.ts";

/** Takes a token whose kid the bundle has. */
const judged = (token: string, held: TrustBundle | null): Promise<Answer> => {
  const { kid } = JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()) as {
    readonly kid: string;
  };
  const verdict = held?.keys.has(kid) === true ? "accept" : "reject";
  return Promise.resolve({ verdict, reason: kid });
};
const outcome = async (...steps: readonly string[]): Promise<string> => {
  const read = stepsOf({ steps });
  if (read === null) return "unread";
  const [wanted, { verdict, reason }] = await played(read, { sub: "a" }, judged);
  return `${wanted} ${verdict} ${reason}`;
};

it.each([
  [["bundle {A} loaded", "token of A accepted"], "accept accept A"],
  [["bundle {A}", "bundle {A, B}", "tokens of A and B accepted"], "accept accept B"],
  [["bundle {A}", "bundle {B} arrives", "token of A still accepted"], "accept reject A"],
  [["bundle {A}", "empty bundle arrives", "token of A rejected"], "reject reject A"],
  [["bundle sequence 5 {B}", "bundle sequence 4 {A}", "token of A rejected"], "reject reject A"],
  [["bundle sequence 5 {B}", "bundle sequence 6 {A}", "token of A rejected"], "reject accept A"],
  [["bundle {A}", "token of A rejected, of B rejected"], "reject accept A"],
  [["bundle {A}", "source answers 500", "token of A accepted"], "unread"],
])("%j", async (steps, expected) => {
  expect(await outcome(...steps)).toBe(expected);
});

it("one that judges no token proves nothing", async () => {
  await expect(outcome("bundle {A}")).rejects.toThrow("no token is judged");
});

it("the claims of a token are read as they stand", () => {
  expect(claimsOf(`x.${Buffer.from('{"a":1}').toString("base64url")}.y`)).toEqual({ a: 1 });
  expect(parseBundle({ keys: [], spiffe_sequence: null })?.sequence).toBeNull();
});
