// Owns fetching a JWKS: from where it may be fetched, how long and how much of it.
import { parseStrictObject } from "../../mesh/identity/outward/strict-json.ts";
import type { Control } from "../control.ts";
import { badBundleUrl } from "../trust/bundle-url.ts";
import { publicKeys } from "./stored.ts";

const WAIT_MS = 5000;
const MOST_BYTES = 256 * 1024;

/** The keys behind a URL, or why there are none. */
export async function fetchKeys(
  { isDev, fetch: ask }: Pick<Control, "isDev" | "fetch">,
  url: string,
): Promise<Record<string, unknown>[] | string> {
  const refusal = badBundleUrl(url, isDev);
  if (refusal !== null) return refusal;
  try {
    const response = await ask(url, {
      headers: { accept: "application/json" },
      // Whoever is trusted is named by the URL, not by what it leads to.
      redirect: "manual",
      signal: AbortSignal.timeout(WAIT_MS),
    });
    const text = await textOf(response);
    return text === null ? `it answered ${response.status}` : keysIn(text);
  } catch {
    return "it did not answer, or with more than 256 KiB";
  }
}

function keysIn(text: string): Record<string, unknown>[] | string {
  const keys = publicKeys(parseStrictObject(text));
  return keys === null || keys.length === 0 ? "it holds no public keys" : keys;
}

async function textOf({ status, body }: Response): Promise<string | null> {
  if (status !== 200 || body === null) {
    await body?.cancel();
    return null;
  }
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  let size = 0;
  for await (const part of body as ReadableStream<Uint8Array>) {
    size += part.length;
    if (size > MOST_BYTES) throw new Error("too long");
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}
