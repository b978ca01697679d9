// Owns making compiled resources into the bytes that are published: directory signed by Issuer, chunks behind it.
import type { IssuerApi } from "../../mesh/contract/state.ts";
import { writeTable } from "../../mesh/identity/table-frame.ts";
import type { Compiled } from "../compile/compile.ts";

/** The table's bytes in the form of the KV value. */
export async function signTable(
  { directory, chunks }: Pick<Compiled, "directory" | "chunks">,
  issuer: Pick<IssuerApi, "signTable">,
): Promise<Uint8Array> {
  const bytes = new TextEncoder().encode(JSON.stringify(directory));
  const signature = await issuer.signTable(bytes);
  return writeTable(bytes, signature, chunks);
}
