// This isolate's identity outside of the mesh: a key pair of its own, and the token control binds to it. Renewed in the
// background; a call waits for it only while there is none.
import type { WorkloadApi } from "../contract/join.ts";
import type { Signer } from "../identity/outward/wimse.ts";
import type { Keeper } from "../pipeline/isolate.ts";
import { now, sleep } from "./clock.ts";

/** A token is renewed this long before its end, and not used any more at this. */
const RENEW_MS = 120_000;
const SPENT_MS = 5000;
/** Longest wait where there is none, and between two tries. */
const WAIT_MS = 1000;
const RETRY_MS = 1000;
/** What was not heard of for this long is lost with the request that carried it. */
const LOST_MS = 5000;

const ECDSA = { name: "ECDSA", namedCurve: "P-256" } as const;

/** The token and its key; null where control gives none. */
export type SignerOf = (keeper: Keeper) => Promise<Signer | null>;

export function createSigner(control: Pick<WorkloadApi, "identity"> | null): SignerOf {
  let pair: CryptoKeyPair | null = null;
  let held: { readonly signer: Signer; readonly endMs: number } | null = null;
  let running: Promise<void> | null = null;
  let startedMs = Number.NEGATIVE_INFINITY;

  async function renew(from: Pick<WorkloadApi, "identity">): Promise<void> {
    const mine =
      pair ??
      ((await crypto.subtle.generateKey(ECDSA, false, ["sign", "verify"])) as CryptoKeyPair);
    pair = mine;
    const { kty, crv, x, y } = (await crypto.subtle.exportKey("jwk", mine.publicKey)) as JsonWebKey;
    const { token, endMs } = await from.identity({ kty, crv, x, y } as JsonWebKey);
    held = { signer: { token, key: { alg: "ecdsa-p256-sha256", key: mine.privateKey } }, endMs };
  }

  /** One renewal at a time; whoever waits has a timer of its own. */
  function start(keeper: Keeper): Promise<void> {
    const nowMs = now();
    const patienceMs = running === null ? RETRY_MS : LOST_MS;
    if (control === null || nowMs - startedMs < patienceMs) return running ?? DONE;
    startedMs = nowMs;
    const work: Promise<void> = renew(control)
      .catch(() => undefined)
      .finally(() => {
        if (running === work) running = null;
      });
    running = work;
    keeper.waitUntil(work);
    return work;
  }

  const leftMs = (): number => (held?.endMs ?? 0) - now();
  return async (keeper) => {
    if (leftMs() < RENEW_MS) {
      const work = start(keeper);
      if (leftMs() < SPENT_MS) await Promise.race([work, sleep(WAIT_MS)]);
    }
    return leftMs() < SPENT_MS ? null : (held?.signer ?? null);
  };
}

const DONE = Promise.resolve();
