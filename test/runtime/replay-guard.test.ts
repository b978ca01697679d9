// ReplayGuard in workerd: one of fifty isolates that show the same nonce gets in, also after an eviction.
import { env, evictDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import type { ReplayGuard } from "../../durable-objects/replay-guard/object.ts";
import type { ReplayGuardApi } from "../../mesh/contract/state.ts";

const { REPLAY_GUARD: guards } = env as unknown as {
  readonly REPLAY_GUARD: DurableObjectNamespace<ReplayGuard>;
};
const stubOf = (name: string) => guards.getByName(name) as unknown as ReplayGuardApi;

it("admits a nonce once, whoever shows it", async () => {
  const name = crypto.randomUUID();
  const shown = Array.from({ length: 50 }, () => stubOf(name).admit("ns/callee ns/caller nonce"));
  expect((await Promise.all(shown)).filter(Boolean)).toHaveLength(1);
  expect(await stubOf(name).admit("ns/callee ns/caller other")).toBe(true);
  await evictDurableObject(guards.getByName(name));
  expect(await stubOf(name).admit("ns/callee ns/caller nonce")).toBe(false);
});
