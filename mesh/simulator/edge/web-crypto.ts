// Owns what stands for WebCrypto on a machine: it draws from the seed, and settles at once.
import { createDecipheriv, createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import { running, standIn } from "../core/ambient.ts";
import type { Machine } from "../core/machine.ts";

/** Puts it in place; each answer takes a part out again. */
export const standInCrypto = (): readonly (() => void)[] => [
  standIn(crypto, "randomUUID", (own) => () => uuidOf(running.getStore()) ?? own.call(crypto)),
  standIn(crypto, "subtle", (own) => subtleOf(own)),
];

function uuidOf(machine: Machine | undefined): string | undefined {
  if (machine === undefined) return undefined;
  const digits = (): string =>
    ((machine.world.random() * 0x1_0000_0000) >>> 0).toString(16).padStart(8, "0");
  const hex = digits() + digits() + digits() + digits();
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** What was verified, by its signature: the same table reaches many isolates, and the answer cannot be another. */
const verdicts = new Map<
  string,
  { readonly key: KeyObject; bytes: Uint8Array; isSound: boolean }
>();
const MOST_VERDICTS = 256;

function isSound(key: KeyObject, signature: Uint8Array, bytes: Uint8Array): boolean {
  const name = Buffer.from(signature).toString("latin1");
  const known = verdicts.get(name);
  if (known !== undefined && known.key.equals(key) && Buffer.compare(known.bytes, bytes) === 0)
    return known.isSound;
  const isOk = verify("sha256", bytes, { key, dsaEncoding: "ieee-p1363" }, signature);
  if (verdicts.size >= MOST_VERDICTS) verdicts.clear();
  verdicts.set(name, { key, bytes: bytes.slice(), isSound: isOk });
  return isOk;
}

const keys = new Map<string, KeyObject>();

function keyOf(jwk: JsonWebKey): KeyObject {
  const name = JSON.stringify(jwk);
  const known = keys.get(name) ?? createPublicKey({ key: jwk as never, format: "jwk" });
  keys.set(name, known);
  return known;
}

/** WebCrypto that settles at once: a simulation may not wait for another thread. */
function subtleOf(own: SubtleCrypto): unknown {
  const stand = {
    importKey: async (format: string, key: JsonWebKey | Uint8Array) =>
      format === "jwk" ? keyOf(key as JsonWebKey) : key,
    verify: async (_: unknown, key: KeyObject, signature: Uint8Array, bytes: Uint8Array) =>
      isSound(key, signature, bytes),
    digest: async (_: unknown, bytes: Uint8Array) =>
      new Uint8Array(createHash("sha256").update(bytes).digest()).buffer,
    decrypt: async (
      { iv, additionalData }: { iv: Uint8Array; additionalData: Uint8Array },
      key: Uint8Array,
      sealed: Uint8Array,
    ) => {
      const opener = createDecipheriv("aes-256-gcm", key, iv);
      opener.setAAD(additionalData);
      opener.setAuthTag(sealed.subarray(-16));
      return Buffer.concat([opener.update(sealed.subarray(0, -16)), opener.final()]);
    },
  };
  return new Proxy(own, {
    get: (target, name) => {
      if (running.getStore() !== undefined && Object.hasOwn(stand, name))
        return Reflect.get(stand, name) as unknown;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
