// Owns following the keys of the table signature: from the one held to the one that signed, each vouched for by the one
// before it. Nothing of a table but these links is read before its signature.
import type { Directory, TableKeyLink } from "../contract/table.ts";
import { fromBase64url } from "./base64url.ts";
import { readFrame } from "./table-frame.ts";

/** So many keys back a deploy may be; behind that a Worker is woven anew. */
export const MOST_LINKS = 32;

const ECDSA = { name: "ECDSA", namedCurve: "P-256" } as const;
const VERIFY = { name: "ECDSA", hash: "SHA-256" } as const;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What the key before signs to vouch for a key; no directory reads like this. */
export const vouchedText = ({ kid, x, y }: Omit<TableKeyLink, "signature">): string =>
  `heddle/table-key/1|${kid}|${x}|${y}`;

/** The key that signed a table, by the links from the one that is held; null where they do not lead there. */
export async function followKey(bytes: Uint8Array, held: JsonWebKey): Promise<JsonWebKey | null> {
  try {
    const frame = readFrame(bytes);
    if (frame === null) return null;
    const { signed } = JSON.parse(decoder.decode(frame.directory)) as Partial<Directory>;
    const links = signed?.links.slice(0, MOST_LINKS) ?? [];
    let key = held;
    const from = links.findIndex(({ x, y }) => x === held.x && y === held.y) + 1;
    for (const link of links.slice(from)) {
      if (!(await isVouched(link, key))) return null;
      const { kid, x, y } = link;
      key = { kty: "EC", crv: "P-256", x, y, kid } as JsonWebKey;
      if (kid === signed?.by) return key;
    }
    return null;
  } catch {
    return null;
  }
}

async function isVouched(link: TableKeyLink, by: JsonWebKey): Promise<boolean> {
  const signature = fromBase64url(link.signature);
  if (signature === null) return false;
  const { kty, crv, x, y } = by;
  const jwk = { kty, crv, x, y } as JsonWebKey;
  const key = await crypto.subtle.importKey("jwk", jwk, ECDSA, false, ["verify"]);
  return await crypto.subtle.verify(VERIFY, key, signature, encoder.encode(vouchedText(link)));
}
