// Owns what weaving is given at deploy time: the table, its public key, and keys of the deploy-seed slot.
import { SEED_LIFE_MS, type WireKey } from "../../mesh/contract/identity.ts";
import { toBase64url } from "../../mesh/identity/base64url.ts";
import { NAMELESS_MESH } from "../compile/compile.ts";
import type { Control } from "../control.ts";
import { MOST_OF_ONE } from "../publish/kv.ts";
import { keysOf } from "./join.ts";
import { toMaster } from "./keys.ts";
import type { Memory } from "./memory.ts";

/** Whoever weaves may have published just now, through another isolate. */
const HEARD_OF_NEWER = Number.MAX_SAFE_INTEGER;

export interface WeaveAnswer {
  readonly workload: string;
  readonly mesh: string;
  readonly trustDomain: string;
  readonly version: number;
  /** The whole table in base64, for whichever Worker; null before the first publication, and past 8 MiB. */
  readonly table: string | null;
  readonly publicKey: JsonWebKey;
  readonly seed: {
    readonly kid: string;
    readonly notAfterMs: number;
    readonly audience: readonly WireKey[];
    readonly pairs: Readonly<Record<string, readonly WireKey[]>>;
  };
}

/** What goes beside the Worker of this name. */
export async function weaveAnswer(
  memory: Memory,
  control: Control,
  workload: string,
): Promise<WeaveAnswer> {
  const known = await memory.recall(control, HEARD_OF_NEWER);
  const { table } = known;
  const { seed, others = [] } = await control.issuer.masters();
  const { audience, pairs } = keysOf(known, workload, [seed, ...others].map(toMaster));
  return {
    workload,
    mesh: table?.directory.mesh ?? NAMELESS_MESH.name,
    trustDomain: table?.directory.trustDomain ?? NAMELESS_MESH.trustDomain,
    version: table?.version ?? 0,
    table: table && table.bytes.length <= MOST_OF_ONE ? toBase64(table.bytes) : null,
    publicKey: await control.issuer.tableKey(table?.directory.signed?.by),
    seed: {
      kid: seed.kid,
      notAfterMs: control.clock.now() + SEED_LIFE_MS,
      audience,
      // Who calls proves with the active one; who is called knows those before and after it too.
      pairs: Object.fromEntries(
        Object.entries(pairs).map(([to, keys]) => [to, keys.filter(({ kid }) => kid === seed.kid)]),
      ),
    },
  };
}

/** Standard base64, padded. */
function toBase64(bytes: Uint8Array): string {
  const text = toBase64url(bytes).replaceAll("-", "+").replaceAll("_", "/");
  return text.padEnd(Math.ceil(text.length / 4) * 4, "=");
}
