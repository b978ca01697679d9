// Owns making compiled resources into the bytes that are published: directory signed by Issuer, chunks behind it.
import type { IssuerApi } from "../../mesh/contract/state.ts";
import type { Directory } from "../../mesh/contract/table.ts";
import { toBase64url } from "../../mesh/identity/base64url.ts";
import { writeTable } from "../../mesh/identity/table-frame.ts";
import type { Compiled } from "../compile/compile.ts";

const TURNS = 3;
const encoder = new TextEncoder();

/** The table's bytes in the form of the KV value. */
export async function signTable(
  { directory, chunks }: Pick<Compiled, "directory" | "chunks">,
  issuer: Pick<IssuerApi, "signTable" | "tableSignedBy" | "revocations">,
): Promise<Uint8Array> {
  const revoked = (await issuer.revocations()).map(({ value }) => value);
  const whole = {
    ...directory,
    ...(revoked.length > 0 ? { revoked } : {}),
    body: await digestOf(chunks),
  } satisfies Directory;
  // The directory names the key: where another has become active meanwhile, it is written anew.
  for (let turn = 0; turn < TURNS; turn++) {
    const signed = await issuer.tableSignedBy();
    const isFirst = signed.links.length === 0;
    const bytes = encoder.encode(JSON.stringify(isFirst ? whole : { ...whole, signed }));
    const { kid, signature } = await issuer.signTable(bytes);
    if (kid === signed.by) return writeTable(bytes, signature, chunks);
  }
  throw new Error("the table key changes too fast");
}

async function digestOf(chunks: readonly Uint8Array[]): Promise<string> {
  const whole = await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer();
  return toBase64url(new Uint8Array(await crypto.subtle.digest("SHA-256", whole)));
}
