// Owns sealing secrets at rest: AES-256-GCM under HEDDLE_KEK, bound to the key id so that rows cannot be swapped.
import { fromBase64url } from "../../mesh/identity/base64url.ts";
import type { Clock } from "../clock.ts";

const IV_BYTES = 12;
const KEK_BYTES = 32;
const encoder = new TextEncoder();

export interface Sealed {
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly sealed: Uint8Array<ArrayBuffer>;
}

/** Seals and opens the secrets of one object. */
export interface Seal {
  seal(kid: string, secret: Uint8Array<ArrayBuffer>): Promise<Sealed>;
  /** Throws where the secret was sealed under another kek or for another kid. */
  open(kid: string, sealed: Sealed): Promise<Uint8Array<ArrayBuffer>>;
}

/** The seal of a kek: base64url of 32 bytes. Throws with what to do where it is not. */
export async function createSeal(kek: string | undefined, clock: Clock): Promise<Seal> {
  const bytes = fromBase64url(kek ?? "");
  if (bytes?.length !== KEK_BYTES) {
    throw new Error("HEDDLE_KEK of the objects' Worker must be a secret of 32 bytes in base64url");
  }
  const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  const parameters = (kid: string, iv: Uint8Array<ArrayBuffer>) => ({
    name: "AES-GCM",
    iv,
    additionalData: encoder.encode(`heddle/issuer/1|${kid}`),
  });
  return {
    async seal(kid, secret) {
      const iv = clock.random(IV_BYTES);
      const sealed = await crypto.subtle.encrypt(parameters(kid, iv), key, secret);
      return { iv, sealed: new Uint8Array(sealed) };
    },
    async open(kid, { iv, sealed }) {
      return new Uint8Array(await crypto.subtle.decrypt(parameters(kid, iv), key, sealed));
    },
  };
}
