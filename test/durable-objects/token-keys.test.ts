// Token keys in their slots: signed with the active one, named by the bundle before and after.
import { expect, it } from "vitest";
import { STEPS } from "../../durable-objects/issuer/schema.ts";
import { createRevocations } from "../../durable-objects/issuer/revocations.ts";
import { createSeal } from "../../durable-objects/issuer/seal.ts";
import { createSecretRows } from "../../durable-objects/issuer/secret-rows.ts";
import {
  REFRESH_HINT_S,
  TOKEN_KEY_LIFE_MS,
  createTokenKeys,
} from "../../durable-objects/issuer/token-keys.ts";
import { migrate } from "../../durable-objects/sql.ts";
import { memorySql, testClock } from "./memory-sql.ts";

const ECDSA = { name: "ECDSA", namedCurve: "P-256" } as const;
const TEXT = new TextEncoder().encode("what is signed");

async function setUp() {
  const clock = testClock();
  const sql = memorySql();
  migrate(sql, STEPS);
  const rows = createSecretRows(sql, await createSeal("A".repeat(43), clock), clock);
  return {
    clock,
    sql,
    revocations: createRevocations(sql, clock),
    tokens: createTokenKeys(sql, rows, clock),
  };
}

it("what any key signed verifies by a bundle from before it was used until it ends", async () => {
  const { clock, tokens } = await setUp();
  let bundle = (await tokens.bundle()).keys;
  const used = new Set<string>();
  for (let step = 0; step < 60; step++) {
    const { kid, signature } = await tokens.sign(TEXT);
    used.add(kid);
    const jwk = bundle.find((key) => (key as { kid?: string }).kid === kid);
    if (jwk === undefined) throw new Error(`step ${step}: ${kid} was in no bundle before`);
    const key = await crypto.subtle.importKey("jwk", jwk, ECDSA, false, ["verify"]);
    const verify = { name: "ECDSA", hash: "SHA-256" };
    expect(await crypto.subtle.verify(verify, key, new Uint8Array(signature), TEXT)).toBe(true);
    bundle = (await tokens.bundle()).keys;
    clock.advance(TOKEN_KEY_LIFE_MS / 10);
    await tokens.prepare();
  }
  expect(used.size).toBeGreaterThan(5);
});

it("rotates once verifiers know the new key, or at once, and never gives an id twice", async () => {
  const { clock, tokens } = await setUp();
  expect((await tokens.sign(TEXT)).kid).toBe("w1");
  expect(await tokens.rotate(false)).toBe("w2");
  expect((await tokens.sign(TEXT)).kid).toBe("w1");
  clock.advance(REFRESH_HINT_S * 1000);
  expect((await tokens.sign(TEXT)).kid).toBe("w2");
  expect(await tokens.rotate(true)).toBe("w3");
  expect((await tokens.sign(TEXT)).kid).toBe("w3");
  clock.advance(10 * TOKEN_KEY_LIFE_MS);
  await tokens.prepare();
  await tokens.prepare();
  expect((await tokens.sign(TEXT)).kid).toBe("w4");
});

it("a revoked key signs no more and leaves the bundle, whose sequence grows", async () => {
  const { tokens, revocations } = await setUp();
  const before = await tokens.bundle();
  revocations.add({ kind: "kid", value: "w1" });
  const after = await tokens.bundle();
  expect(after.sequence).toBeGreaterThan(before.sequence);
  expect(after.keys.map((key) => (key as { kid?: string }).kid)).toEqual(["w2"]);
  expect((await tokens.sign(TEXT)).kid).toBe("w2");
});

it("a session is revoked for a day, and anew when it is revoked anew; a binding for good", async () => {
  const { clock, revocations } = await setUp();
  const of = (kind: string) => revocations.all().filter((one) => one.kind === kind).length;
  for (const kind of ["session", "binding"] as const) revocations.add({ kind, value: "a/b>a/c" });
  clock.advance(23 * 3_600_000);
  revocations.add({ kind: "session", value: "a/b>a/c" });
  clock.advance(23 * 3_600_000);
  expect([of("session"), of("binding")]).toEqual([1, 1]);
  clock.advance(2 * 3_600_000);
  expect([of("session"), of("binding")]).toEqual([0, 1]);
});
