// Owns what operators are shown of Issuer's keys: each with its purpose, its times and where it is in them.
import { EPOCH_MS } from "../../mesh/contract/identity.ts";
import type { KeySlot } from "../../mesh/contract/state.ts";
import { type Row, number, text } from "../sql.ts";
import type { SecretRows } from "./secret-rows.ts";

/** All keys, by purpose and age; `signing` are those with slots, `revoked` are key ids. */
export function keySlots(
  rows: SecretRows,
  signing: readonly KeySlot[],
  revoked: ReadonlySet<string>,
  nowMs: number,
): readonly KeySlot[] {
  const known = new Map(signing.map((slot) => [slot.kid, slot]));
  return rows.all().map((row): KeySlot => {
    const kid = text(row, "kid");
    const made = known.get(kid) ?? toSlot(row, nowMs);
    return revoked.has(kid) ? { ...made, state: "revoked" } : made;
  });
}

function toSlot(row: Row, nowMs: number): KeySlot {
  const kid = text(row, "kid");
  const purpose = text(row, "purpose") as KeySlot["purpose"];
  const preparedMs = number(row, "created_ms");
  const notAfterMs = number(row, "not_after_ms");
  const activeMs = purpose === "epoch" ? notAfterMs - EPOCH_MS : preparedMs;
  const state = nowMs >= notAfterMs ? "retired" : nowMs < activeMs ? "prepared" : "active";
  return { kid, purpose, state, preparedMs, activeMs, notAfterMs };
}
