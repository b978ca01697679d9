// Owns the cast of the identity tests: a trust domain, its masters, and keyrings as a join would fill them.
import { createHmac, hkdfSync } from "node:crypto";
import type { WireKey } from "../../../mesh/contract/identity.ts";
import { EPOCH_MS } from "../../../mesh/contract/identity.ts";
import { audienceSecret, pairSeed, toWireKey } from "../../../mesh/identity/derive.ts";
import type { Keyring } from "../../../mesh/identity/keyring.ts";
import { createKeyring } from "../../../mesh/identity/keyring.ts";
import type { KeyBytes } from "../../../mesh/identity/secret.ts";
import { Secret } from "../../../mesh/identity/secret.ts";

export const DOMAIN = "shop.example";
export const NOW = 1_800_000_000_000;
export const EPOCH: number = NOW / EPOCH_MS;
export const CALLER = "default/cart";
export const CALLEE = "default/payments";

/** Master secrets are told apart by their first byte. */
export const masterOf = (kid: string): KeyBytes => {
  const bytes = new Uint8Array(32).fill(7);
  new TextEncoder().encodeInto(kid, bytes);
  return new Secret(bytes);
};

/** A workload's own secret of a key id, as control derives it. */
export const ownKey = (kid: string, workload: string): WireKey =>
  toWireKey(kid, audienceSecret(masterOf(kid), workload));

/** A caller's pair seed towards an audience, as control derives it. */
export const pairKey = (kid: string, caller: string, audience: string): WireKey =>
  toWireKey(kid, pairSeed(audienceSecret(masterOf(kid), audience), DOMAIN, caller, audience));

/** A keyring with the epochs and seeds of the key ids given, and pairs towards the audiences given. */
export const ringOf = (
  workload: string,
  kids: readonly string[],
  audiences: readonly string[],
  domain: string = DOMAIN,
): Keyring => {
  const ring = createKeyring(domain, workload);
  const keys = {
    audience: kids.map((kid) => ownKey(kid, workload)),
    pairs: Object.fromEntries(
      audiences.map((audience) => [audience, kids.map((kid) => pairKey(kid, workload, audience))]),
    ),
  };
  ring.join(keys);
  ring.seed(keys, NOW + 90 * 86_400_000);
  return ring;
};

export const CURRENT: string = `e${EPOCH}`;
export const EPOCHS: readonly string[] = [`e${EPOCH - 1}`, CURRENT, `e${EPOCH + 1}`];

/** A MAC from the caller to the callee by node:crypto alone: what another implementation would come to. */
export const macByHand = (kid: string, use: "req" | "res", fields: readonly string[]): string => {
  const derive = (key: Uint8Array, info: string): Buffer =>
    Buffer.from(hkdfSync("sha256", key, new Uint8Array(0), info, 32));
  const framed = (texts: readonly string[]): string =>
    texts.map((text) => `${Buffer.byteLength(text)}:${text}`).join("");
  const audience = derive(masterOf(kid).reveal(), `heddle/v1/audience|${framed([CALLEE])}`);
  const seed = derive(audience, `heddle/v1/pair|${framed([DOMAIN, CALLER, CALLEE])}`);
  return createHmac("sha256", derive(seed, use)).update(framed(fields)).digest("base64url");
};
