// Owns the wrapping of a workload's keys for its deploy and for KV: AES-256-GCM under the Worker's HEDDLE_KEK.
// Must not cache: it is read once per cold isolate.
import type { KeySet, WireKey, WrappedKeys } from "../contract/identity.ts";
import { fromBase64url, toBase64url } from "./base64url.ts";

/** Format this build writes; it reads every higher one too, and ignores what it does not know. */
export const WRAP_FORMAT = 1;

const OLDEST_FORMAT = 1;
const IV_BYTES = 12;
const KEK_BYTES = 32;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Wraps keys for one workload. `kek` is base64url of 32 bytes; `iv` is 12 bytes, fresh and random for every wrapping
 * under the same kek. Null when the kek or iv is not of that form. The end of validity is inside and outside.
 */
export const wrapKeys = async (
  keys: KeySet,
  kek: string,
  workload: string,
  notAfterMs: number,
  iv: Uint8Array<ArrayBuffer>,
): Promise<WrappedKeys | null> => {
  const key = await importKek(kek, "encrypt");
  if (key === null || iv.length !== IV_BYTES) return null;
  const plain = encoder.encode(JSON.stringify({ ...keys, notAfterMs }));
  const sealed = await crypto.subtle.encrypt(parameters(iv, workload), key, plain);
  return {
    format: WRAP_FORMAT,
    workload,
    iv: toBase64url(iv),
    sealed: toBase64url(new Uint8Array(sealed)),
    notAfterMs,
  };
};

/**
 * Unwraps the keys of a workload; null when they are another's, another kek's or changed.
 * The keyring holds the seed to `wrapped.notAfterMs`, which is proved to be the sealed one.
 */
export const unwrapKeys = async (
  wrapped: WrappedKeys,
  kek: string,
  workload: string,
): Promise<KeySet | null> => {
  if (!(wrapped.format >= OLDEST_FORMAT) || wrapped.workload !== workload) return null;
  const key = await importKek(kek, "decrypt");
  const iv = fromBase64url(wrapped.iv);
  const sealed = fromBase64url(wrapped.sealed);
  if (key === null || iv === null || iv.length !== IV_BYTES || sealed === null) return null;
  const plain = await opened(key, iv, workload, sealed);
  if (!isSealedKeys(plain)) return null;
  const { notAfterMs, audience, pairs } = plain;
  return notAfterMs === wrapped.notAfterMs ? { audience, pairs } : null;
};

const opened = async (
  key: CryptoKey,
  iv: Uint8Array<ArrayBuffer>,
  workload: string,
  sealed: Uint8Array<ArrayBuffer>,
): Promise<unknown> => {
  try {
    const plain = await crypto.subtle.decrypt(parameters(iv, workload), key, sealed);
    return JSON.parse(decoder.decode(plain)) as unknown;
  } catch {
    return null;
  }
};

const importKek = async (kek: string, usage: "encrypt" | "decrypt"): Promise<CryptoKey | null> => {
  const bytes = fromBase64url(kek);
  if (bytes === null || bytes.length !== KEK_BYTES) return null;
  return await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, [usage]);
};

const parameters = (
  iv: Uint8Array<ArrayBuffer>,
  workload: string,
): { name: string; iv: Uint8Array<ArrayBuffer>; additionalData: Uint8Array<ArrayBuffer> } => ({
  name: "AES-GCM",
  iv,
  additionalData: new Uint8Array(encoder.encode(`heddle/seed/1|${workload}`)),
});

const isSealedKeys = (value: unknown): value is KeySet & { notAfterMs: number } => {
  const { audience, pairs, notAfterMs } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return (
    typeof notAfterMs === "number" &&
    isKeyList(audience) &&
    typeof pairs === "object" &&
    pairs !== null &&
    Object.values(pairs).every(isKeyList)
  );
};

const isKeyList = (value: unknown): value is readonly WireKey[] =>
  Array.isArray(value) &&
  value.every(
    (key: Partial<WireKey> | null) =>
      typeof key?.kid === "string" && typeof key.secret === "string",
  );
