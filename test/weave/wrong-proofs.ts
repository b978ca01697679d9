// Proofs at session of which something is wrong, and how any proof is bent.
import { SESSION_SLOT_MS } from "../../mesh/contract/identity.ts";
import { workloadOf, type Cloth } from "./cloth.ts";
import { sessionProof } from "./forge.ts";

export const fields = (proof: string): string[] => proof.split("~");
export const changed = (proof: string, index: number, value: string): string =>
  fields(proof).with(index, value).join("~");
const [KID, SUBJECT, AUDIENCE, SLOT] = [2, 3, 4, 5];

const own = (cloth: Cloth, audience = "calm", atMs?: number): string =>
  sessionProof(cloth, "attacker", audience, atMs);

/** Proofs that are not right for `calm`, and the reason that each is refused for. */
export const WRONG: Readonly<
  Record<string, readonly [reason: string, proof: (cloth: Cloth) => string]>
> = {
  "no proof": ["unauthenticated", () => ""],
  "a kind nobody knows": ["malformed", (cloth) => changed(own(cloth), 1, "z")],
  "another subject": ["bad_mac", (cloth) => changed(own(cloth), SUBJECT, workloadOf("front"))],
  "another slot": [
    "bad_mac",
    (cloth) => changed(own(cloth), SLOT, String(Number(fields(own(cloth))[SLOT]) - 1)),
  ],
  "an expired slot": ["stale", (cloth) => own(cloth, "calm", Date.now() - 3 * SESSION_SLOT_MS)],
  "a slot to come": ["stale", (cloth) => own(cloth, "calm", Date.now() + 3 * SESSION_SLOT_MS)],
  "another audience": ["wrong_audience", (cloth) => own(cloth, "proud")],
  "its own audience written over another's": [
    "bad_mac",
    (cloth) => changed(own(cloth, "proud"), AUDIENCE, workloadOf("calm")),
  ],
  "an epoch nobody has": ["unknown_epoch", (cloth) => changed(own(cloth), KID, "e999999")],
  "a seed nobody has": ["unknown_epoch", (cloth) => changed(own(cloth), KID, "s2")],
  "a key id that is none": ["malformed", (cloth) => changed(own(cloth), KID, "s1x")],
  "another caller's proof": ["unauthenticated", (cloth) => sessionProof(cloth, "front", "calm")],
  "format 0": ["malformed", (cloth) => changed(own(cloth), 0, "0")],
  "no format": ["malformed", (cloth) => changed(own(cloth), 0, "")],
  "only props": ["weak_proof", () => "1~c"],
  "the word of a loopback": ["unauthenticated", () => "1~l"],
  "a bar too many": ["malformed", (cloth) => `x|${own(cloth)}`],
  "a very long one": ["malformed", (cloth) => own(cloth) + "~x".repeat(2000)],
};
